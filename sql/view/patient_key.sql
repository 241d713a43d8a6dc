-- One text: what all ways to write a patient's name have in common. Capitals, blanks and hyphens, leading zeros and the
-- .0 of a spreadsheet's numbers do not count: P_7 is p-07, and 10006 is 10006.0.
create macro patient_key(name) as regexp_replace(
    regexp_replace(
        regexp_replace(
            trim(regexp_replace(lower(nfc_normalize(name)), '[\s\x{a0}\x{200b}\x{feff}_-]+', '_', 'g'), '_'),
            '^([0-9]+)[.,]0+$', '\1'
        ),
        '([a-z])_([0-9])', '\1\2', 'g'
    ),
    '(^|[^0-9])0+([0-9])', '\1\2', 'g'
)

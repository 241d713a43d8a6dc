-- One row a film that an earlier version took though nothing outlines its finding: its patches count as normal.
select scan.scan, file, what
from repair
join scan using (file)
where contains(what, 'no lesion was taken') or contains(what, 'no mask outlines a lesion')

union

select scan.scan, file, 'its folder says it has a finding, and its patient has none'
from scan
anti join (select patient from scan semi join lesion using (scan)) using (patient)
where source_kind = 'ddsm'
    and regexp_matches(file, '/(cancer|benign)(s|_without_callbacks?)?(_[^/]*)?/[^/]+/[^/]+$', 'i')

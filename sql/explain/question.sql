-- One row an explained scan with a finding: its class and the units of its explanation with their names, by rank.
select
    scan, patient, scan_class.class,
    list(explanation.unit order by rank) as units, list(phenomenon order by rank) as phenomena
from explanation
join scan using (scan)
join scan_class using (scan)
where not is_rest(scan_class.class)
group by all
order by scan

-- One row a unit of $units and a scan of `meant_scan`: the unit's maximum on it, by unit and scan.
select response.unit, maximum
from response
join scan using (scan)
semi join scan_class using (scan)
where list_contains($units, response.unit)
    and patient in (select patient from unseen join patch using (patch) join scan using (scan))
order by response.unit, scan

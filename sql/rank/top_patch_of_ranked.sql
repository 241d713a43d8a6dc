-- One row a scan: its patches among the top patches of ranked units, and for each the units it is shown for.
with wanted as (
    select patch, list(distinct unit order by unit) as units
    from top_patch
    semi join unit_rank using (unit)
    group by all
)

select scan_number, list(patch order by patch) as patches, list(units order by patch) as units
from wanted
join patch using (patch)
join scan using (scan)
group by all
order by scan_number

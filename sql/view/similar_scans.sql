-- One row another scan: how alike the units respond to it, most alike first: the cosine of the two profiles.
-- A profile is each unit's maximum on the scan, standardised over all scans; units that never differ do not count.
-- Were the parameter called scan, DuckDB would take it for that column inside the views.
create macro similar_scans(of_scan) as table
with profile as (
    select
        scan,
        unit,
        (maximum - avg(maximum) over (partition by unit))
            / nullif(stddev_pop(maximum) over (partition by unit), 0) as value
    from response
),

compared as (
    select
        other.scan,
        sum(asked.value * other.value) / sqrt(sum(asked.value ** 2) * sum(other.value ** 2)) as similarity
    from profile as asked
    join profile as other using (unit)
    where asked.scan = of_scan and other.scan <> of_scan
    group by other.scan
)

select
    scan,
    similarity,
    patient,
    patient = (select asked.patient from scan as asked where asked.scan = of_scan) as same_patient,
    scan_class.class,
    decision.class as decided
from compared
join scan using (scan)
left join scan_class using (scan)
left join decision using (scan)

union all by name

select null as scan where not known_scan(of_scan)
order by similarity desc, scan

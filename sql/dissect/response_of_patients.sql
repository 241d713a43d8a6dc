-- One row an attribute, unit of $units and patient: the mean maximum on the patient's films, or a difference of two.
-- Within a patient films are paired that are alike in all else: LEFT - RIGHT of one view, CC - MLO of one breast.
with answer as (
    select response.unit, patient, digitizer, density, laterality, view, avg(maximum) as maximum
    from response
    join scan using (scan)
    where response.unit between list_min($units) and list_max($units)
    group by all
),

differing as (
    select
        unit, patient, 'laterality' as attribute,
        avg(maximum) filter (laterality = 'LEFT') - avg(maximum) filter (laterality = 'RIGHT') as value
    from answer
    group by unit, patient, view
    union all
    select unit, patient, 'view', avg(maximum) filter (view = 'CC') - avg(maximum) filter (view = 'MLO')
    from answer
    group by unit, patient, laterality
)

select attribute, unit, patient, if(attribute = 'view', 'CC - MLO', 'LEFT - RIGHT') as "group", avg(value) as value
from differing
group by all
having count(value) > 0
union all
select 'digitizer', unit, patient, any_value(digitizer), avg(maximum)
from answer
group by unit, patient
having count(distinct digitizer) = 1
union all
select 'density', unit, patient, any_value(density)::varchar, avg(maximum)
from answer
group by unit, patient
having count(distinct density) = 1
order by all

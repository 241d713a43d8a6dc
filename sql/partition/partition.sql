-- One row a patient who has no partition yet: patients are split within their worst pathology (Sec. 2.1).
-- Shares of a stratum are rounded down; what is left goes to the largest remainders, one each, train first in a tie.
-- Those who have a partition keep it and count; the others fill train, test and holdout in the order of their md5.
with newcomer as (
    select *, row_number() over (partition by pathology order by md5($seed::varchar || patient), patient) as place
    from patient_pathology
    anti join partition using (patient)
),

stratum as (
    select
        pathology, part, count(*) as patients, round([$train, $test, 1 - $train - $test][part] * count(*), 9) as exact,
        count(*) filter (partition = ['train', 'test', 'holdout'][part]) as taken,
        count(*) filter (validation) as validated
    from patient_pathology
    left join partition using (patient)
    cross join generate_series(1, 3) as parts (part)
    group by pathology, part
),

rounded as (
    select *, row_number() over (partition by pathology order by exact % 1 desc, part) as turn,
        patients - sum(floor(exact)) over (partition by pathology) as turns
    from stratum
),

quota as (
    select *, greatest(0, floor(exact) + if(turn <= turns, 1, 0) - taken) as places,
        sum(places) over (partition by pathology order by part) as last_place
    from rounded
)

select
    patient, ['train', 'test', 'holdout'][part] as partition,
    part = 1 and row_number() over (partition by pathology, part order by place desc)
        <= round($validation * (taken + count(*) over (partition by pathology, part))) - validated as validation
from newcomer
join quota using (pathology)
where place between last_place - places + 1 and last_place

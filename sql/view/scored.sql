-- One row an answered item, class and what it is told from: the score and whether the item is of the class.
-- Every class is told from the rest by its probability; a finding from a less severe one by its share of both
-- probabilities, among items of either only.
create view scored as
select
    partition, level, patient, answered.class, 'rest' as against, probability as score,
    list_contains(holds, known) as positive
from answered
join (select class, holds from class) using (class)

union all

select
    worse.partition, worse.level, worse.patient, worse.class, milder.class as against,
    worse.probability / nullif(worse.probability + milder.probability, 0) as score,
    worse.known = worse.class as positive
from answered as worse
join answered as milder using (partition, level, item)
where not is_rest(worse.class) and not is_rest(milder.class) and severity(worse.class) > severity(milder.class)
    and worse.known in (worse.class, milder.class)

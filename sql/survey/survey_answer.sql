-- One row a phenomenon of every expert's latest answer about a unit of the probed network, repeats apart.
-- `saves` is how often the question was answered, first and second asking apart.
select
    *,
    max(version) over (partition by unit, annotator) as last_version,
    count(distinct version) over (partition by unit, annotator, coalesce(repeat, false)) as saves
from annotation
where checkpoint = (select checkpoint from layer)
qualify version = max(version) over (partition by unit, annotator, coalesce(repeat, false))
order by unit, annotator, repeat, position

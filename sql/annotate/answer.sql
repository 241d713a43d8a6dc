-- One row a phenomenon of the latest answers about the probed network, as text; units by the paper's names.
select
    format('unit_{:04d}', unit + 1) as unit,
    annotator,
    recognizable::varchar as recognizable,
    phenomenon,
    category,
    terms,
    association,
    confidence
from annotation_now
where checkpoint = (select checkpoint from layer)
order by annotator, unit, position

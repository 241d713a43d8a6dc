-- One row a named unit of a network: the phenomena that annotators recognize now, each once, joined by "; ".
-- They stand in the order of annotator and position.
create view unit_phenomenon as
with said as (
    select checkpoint, unit, annotator, position, trim(phenomenon) as phenomenon
    from annotation_now
    where recognizable and trim(phenomenon) <> ''
    qualify row_number() over (
        partition by checkpoint, unit, trim(phenomenon) order by annotator, position
    ) = 1
)

select checkpoint, unit, string_agg(phenomenon, '; ' order by annotator, position) as phenomenon
from said
group by all

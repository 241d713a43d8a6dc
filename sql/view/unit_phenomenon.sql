-- One row a named unit of a network: the phenomena that annotators recognize now, each once, joined by "; ".
-- They stand in the order of annotator and position. Where experts were adjudicated, only the last decision counts.
create view unit_phenomenon as
with said as (
    select *, starts_with(annotator, 'adjudication by ') as adjudicated
    from annotation_now
    where recognizable is not null
),

counting as (
    from said
    window of_unit as (partition by checkpoint, unit)
    qualify max(adjudicated) over of_unit is not true
        or adjudicated and saved_at = max(saved_at) filter (adjudicated) over of_unit
),

named as (
    select checkpoint, unit, annotator, position, trim(phenomenon) as phenomenon
    from counting
    where recognizable and trim(phenomenon) <> ''
    qualify row_number() over (
        partition by checkpoint, unit, trim(phenomenon) order by annotator, position
    ) = 1
)

select checkpoint, unit, string_agg(phenomenon, '; ' order by annotator, position) as phenomenon
from named
group by all

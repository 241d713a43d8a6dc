-- One row a named unit of a network: the phenomena that annotators recognize now, each once, joined by "; ".
-- They stand in the order of annotator and position. Where experts were adjudicated, only what that decided counts.
create view unit_phenomenon as
with said as (
    select *, starts_with(annotator, 'adjudication by ') as adjudicated
    from annotation_now
    where recognizable is not null
    qualify adjudicated or max(adjudicated) over (partition by checkpoint, unit) is not true
),

named as (
    select checkpoint, unit, annotator, position, trim(phenomenon) as phenomenon
    from said
    where recognizable and trim(phenomenon) <> ''
    qualify row_number() over (
        partition by checkpoint, unit, trim(phenomenon) order by annotator, position
    ) = 1
)

select checkpoint, unit, string_agg(phenomenon, '; ' order by annotator, position) as phenomenon
from named
group by all

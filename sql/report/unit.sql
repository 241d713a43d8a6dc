-- One row a ranked unit (Fig. 3): the classes it is ranked for, its terms' categories, what annotators call it.
with said as (
    select
        unit,
        string_agg(distinct category, ', ' order by category) as category,
        string_agg(
            annotator || ': ' || coalesce(phenomenon, 'nothing recognizable'), '; ' order by annotator, position
        ) as annotation
    from annotation_now
    semi join layer using (checkpoint)
    where recognizable is not null
    group by all
),

ranked as (
    select unit, string_agg(class || ' ' || rank, ', ' order by class) as ranks, min(rank) as best
    from unit_rank
    group by all
)

select unit, ranks, category, annotation
from ranked
left join said using (unit)
order by best, unit

-- One row a ranked unit and phrase: the names its first $shown top patches suggest, in the columns of `annotation`.
-- A patch shows its main lesion, a normal one none. Each phrase of at least $share of them is a name, associated with
-- the class of most of its patches; else it shows nothing if most of them do, else it is not recognizable.
with shown as (
    select unit, phrase, category, known_class.class, place, count(*) over (partition by unit, phrase, place) as alike
    from top_patch
    semi join unit_rank using (unit)
    join patch using (patch)
    semi join (from scan join partition using (patient) where list_contains($partitions, partition)) using (scan)
    left join main_lesion using (patch)
    left join lesion_phrase using (lesion)
    left join (from class where known) as known_class on known_class.class = lesion_phrase.class
    where rank <= $shown
),

counted as (
    select
        unit, phrase, min(category) as category, count(*) as patches,
        arg_max(class, {alike: alike, place: place}) as class, sum(count(*)) over (partition by unit) as top_patches
    from shown
    group by unit, phrase
),

weighed as (
    select
        *, phrase is not null and patches >= $share * top_patches as enough,
        2 * max(if(phrase is null, patches, 0)) over (partition by unit) > top_patches as normal
    from counted
)

select
    unit, case when enough then phrase when normal then nothing end as phenomenon,
    phenomenon is not null as recognizable, if(enough, class, null) as association,
    case when enough then category when normal then rest_category end as category
from weighed
cross join (from domain, (select min(category) as rest_category from term where lower(category) = rest_class()))
qualify enough or max(enough) over (partition by unit) is not true
    and row_number() over (partition by unit order by phrase is null, patches desc, phrase) = 1
order by unit, patches desc, phrase

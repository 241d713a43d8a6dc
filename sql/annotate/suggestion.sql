-- One row a ranked unit and phrase: the names its first $shown top patches suggest, in the columns of `annotation`.
-- A patch shows the lesion of its largest cover or within, a normal patch none. Every phrase of at least $share of them
-- is a name; without one it is "normal breast tissue" if most show nothing, else nothing is recognizable.
with main_lesion as (
    select patch, lesion from overlap
    anti join (from label where class = 'normal') using (patch)
    qualify row_number() over (partition by patch order by greatest(cover, within) desc, lesion) = 1
),

counted as (
    select
        unit, phrase, min(category) as category, count(*) as patches,
        count(*) filter (class = 'malignant') as malignant, count(*) filter (class = 'benign') as benign,
        sum(count(*)) over (partition by unit) as top_patches
    from top_patch
    semi join unit_rank using (unit)
    join patch using (patch)
    join scan using (scan)
    join partition using (patient)
    left join main_lesion using (patch)
    left join lesion_phrase using (lesion)
    where list_contains($partitions, partition) and rank <= $shown
    group by unit, phrase
),

weighed as (
    select
        *, phrase is not null and patches >= $share * top_patches as enough,
        2 * max(if(phrase is null, patches, 0)) over (partition by unit) > top_patches as normal
    from counted
)

select
    unit, case when enough then phrase when normal then 'normal breast tissue' end as phenomenon,
    phenomenon is not null as recognizable, if(enough, category, if(normal, 'Normal', null)) as category,
    case when enough and malignant + benign > 0 then if(malignant >= benign, 'malignant', 'benign') end as association
from weighed
qualify enough or max(enough) over (partition by unit) is not true
    and row_number() over (partition by unit order by phrase is null, patches desc, phrase) = 1
order by unit, patches desc, phrase

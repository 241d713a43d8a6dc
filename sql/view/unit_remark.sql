-- One row a ranked unit: what is said of it beside its name. Where it answers to findings of all kinds it has no name
-- by contrast but a remark, which counts in no score. `lacks` are concepts that it answers to less than to others.
create view unit_remark as
with told as (
    select
        unit, bool_or(named) as named,
        bool_or(is_rest(against) and q < 0.05 and auroc > 0.5) as finding,
        list(concept order by auroc) filter (
            against = 'findings' and q < 0.05 and auroc < 0.5 and not named and not starts_with(concept, 'pathology')
        ) as lacks
    from contrast
    group by all
)

select unit, if(finding and not named, 'finding, kind unclear', null) as remark, coalesce(lacks, []) as lacks
from told

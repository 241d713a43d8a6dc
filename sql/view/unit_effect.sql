-- One row a class and unit: what the unit does to the class on the labelled patches of some partitions, on average.
-- contribution: its term, pooled map x weight; ablation: the class's probability with the unit less that without it.
create macro unit_effect(partitions := ['test']) as table
from unit_effect_few(partitions)
union all by name
from unit_effect_many(partitions)

-- One row a unit ranked for a class: how often it is among the most influential, its names, what the first ones cover.
create macro class_units(class) as table
select
    rank,
    unit,
    format('unit_{:04d}', unit + 1) as name,
    frequency,
    weight,
    phenomenon,
    coverage
from unit_rank
join weight using (class, unit)
left join (from unit_phenomenon semi join layer using (checkpoint)) using (unit)
left join coverage on coverage.class = unit_rank.class and coverage.units = rank
where unit_rank.class = class
order by rank

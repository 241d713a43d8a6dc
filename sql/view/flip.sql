-- One row a unit: the fewest units whose silence changes what is decided about a patch; no row where no set does.
-- Terms add, so against each other class the units with the largest differences of terms are the fewest; of several
-- smallest sets it is the one that leaves the largest lead. Logits are equal where they agree to 1e-9, and a tie is
-- decided as in `decision`: for the worse class.
create macro flip(patch) as table
with term as (
    select class, unit, pooled(maximum, mean) * weight as term
    from activation
    join weight using (unit)
    where activation.patch = patch
),

summed as (
    select class, round(sum(term) + any_value(bias), 9) as logit
    from term
    join bias using (class)
    group by all
),

silenced as (
    select
        mine.class as decided, other.class as becomes, mine.unit, mine.term - other.term as shift,
        row_number() over largest as place, round(decision.logit - rival.logit - sum(shift) over largest, 9) as lead
    from (from summed order by logit desc, severity(class) desc limit 1) as decision
    join summed as rival on rival.class <> decision.class
    join term as mine on mine.class = decision.class
    join term as other on other.class = rival.class and other.unit = mine.unit
    window largest as (partition by other.class order by shift desc, mine.unit rows unbounded preceding)
)

select silenced.place, silenced.unit, silenced.shift, decided, becomes
from silenced
join (
    from silenced
    where lead < 0 or lead = 0 and severity(becomes) > severity(decided)
    order by place, lead, severity(becomes) desc limit 1) as shortest using (decided, becomes)
where silenced.place <= shortest.place
union all by name
select null as place where not known_patch(patch)
order by place

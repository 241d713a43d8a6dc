-- One row a unit that was seen to respond but has no weight for some class.
with seen as (
    select distinct unit from activation
    union
    select distinct unit from response
    union
    select distinct unit from evidence
)

select unit, class
from seen
cross join bias
anti join weight using (unit, class)

-- One row: how the run's images were read, and the unit that their values have, null where there are several.
-- Earlier versions have no such columns.
with said as (
    select
        to_json(described) ->> 'unit' as unit,
        (to_json(described) ->> 'black')::double as black,
        (to_json(described) ->> 'white')::double as white
    from scan as described
)

select
    any_value((parameters ->> 'window')::integer) as "window", any_value((parameters ->> 'raw')::boolean) as raw,
    any_value((parameters -> 'views')::varchar[]) as views, min(black) as black, max(white) as white,
    if(count(distinct unit) = 1, any_value(unit), null) as unit
from said
cross join (from stage where stage = 'catalog')

-- One row a unit: the activation that only `share` of all cells of its maps on patches exceed (Network Dissection's).
-- Counts are of bins with the edges of network/response.py: bin 0 holds activations <= 0, bin 1 what is below
-- 2 ** (-16 + 1 / 8), bin b the octave's eighth from 2 ** (-16 + (b - 1) / 8) on; bin 255 has no upper edge.
-- The threshold is the lower edge of the first bin that together with all above it holds at most the share: never less
-- than the exact quantile and at most one bin (9 %) more. It is 0 where no more than the share was ever positive.
create macro unit_threshold(share := 0.005) as table
with counted as (
    select
        unit,
        bin,
        sum(count) over (partition by unit order by bin desc) as reaching,
        sum(count) over (partition by unit) as cells
    from histogram
)

select
    unit,
    case max(bin) when 0 then 0 when 255 then 'infinity' else 2 ** (-16 + max(bin) / 8) end::double as threshold,
    cells
from counted
where reaching > share * cells
group by all
order by unit

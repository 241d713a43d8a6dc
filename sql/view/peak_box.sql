-- One row a patch and unit: what the peak saw (its receptive field) and where it lies (its stride cell), in film px.
-- Both are clipped to the patch; film px i reaches from i to i + 1, so the centre of input px i is at i + 0.5.
create view peak_box as
with peak as (
    select
        patch, unit, scan, maximum, stride, field,
        coalesce(width, size) as patch_width,
        coalesce(height, size) as patch_height,
        patch.x as patch_x,
        patch.y as patch_y,
        size / side as scale,
        "offset" + peak_x * stride + 0.5 as centre_x,
        "offset" + peak_y * stride + 0.5 as centre_y
    from activation
    join patch using (patch)
    left join patch_size using (patch)
    cross join layer
),

edge as (
    select
        patch, unit, scan, maximum,
        greatest(patch_x, patch_x + floor(round(scale * (centre_x - field / 2), 6))) as x,
        greatest(patch_y, patch_y + floor(round(scale * (centre_y - field / 2), 6))) as y,
        least(patch_x + patch_width, patch_x + ceil(round(scale * (centre_x + field / 2), 6))) as right_x,
        least(patch_y + patch_height, patch_y + ceil(round(scale * (centre_y + field / 2), 6))) as bottom_y,
        greatest(patch_x, patch_x + round(scale * (centre_x - stride / 2))) as cell_x,
        greatest(patch_y, patch_y + round(scale * (centre_y - stride / 2))) as cell_y,
        least(patch_x + patch_width, patch_x + round(scale * (centre_x + stride / 2))) as cell_right,
        least(patch_y + patch_height, patch_y + round(scale * (centre_y + stride / 2))) as cell_bottom
    from peak
)

select
    patch, unit, scan, maximum, x::integer as x, y::integer as y,
    (right_x - x)::integer as width, (bottom_y - y)::integer as height,
    cell_x::integer as cell_x, cell_y::integer as cell_y,
    (cell_right - cell_x)::integer as cell_width, (cell_bottom - cell_y)::integer as cell_height
from edge

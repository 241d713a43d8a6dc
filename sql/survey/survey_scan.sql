-- One row a film: what a reader sees of it, the number of the other view of the same breast, and its lesions' outlines.
-- Of several other views the first counts.
with outlined as (
    select scan, flatten(list(outline order by lesion)) as rings
    from lesion
    group by all
)

select
    this.scan_number, this.scan, this.rows, this.columns, this.laterality, this.view, coalesce(rings, []) as rings,
    min(other.scan_number) as other
from scan as this
left join scan as other
    on other.patient = this.patient and other.laterality = this.laterality and other.view <> this.view
left join outlined on outlined.scan = this.scan
where list_contains($scans, this.scan_number)
group by all

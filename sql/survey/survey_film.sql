-- One row a film: what a reader sees of it, the number of the other view of the same breast, and its lesions' outlines.
-- Of several other views the first counts.
with outlined as (
    select scan, flatten(list(outline order by lesion)) as rings
    from lesion
    group by all
)

select
    film.scan_number, film.scan, film.rows, film.columns, film.laterality, film.view, coalesce(rings, []) as rings,
    min(other.scan_number) as other
from scan as film
left join scan as other
    on other.patient = film.patient and other.laterality = film.laterality and other.view <> film.view
left join outlined on outlined.scan = film.scan
where list_contains($films, film.scan_number)
group by all

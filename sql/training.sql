-- One row a scan of the training partition: its labelled patches, and whether its patient is kept for validation.
-- Of the normal patches only $normals for each patch with a finding are taken, chosen by md5; all where it is null.
with labelled as (
    select
        scan_number, validation, patch, class,
        row_number() over (partition by validation, class = 'normal' order by md5($seed || ':' || patch)) as drawn,
        count(*) filter (where class <> 'normal') over (partition by validation) as findings
    from label
    join patch using (patch)
    join scan using (scan)
    join partition using (patient)
    where partition = 'train'
)

select
    scan_number,
    validation,
    list(patch order by patch) as patches,
    list(class order by patch) as classes
from labelled
where class <> 'normal' or validation or $normals is null or drawn <= $normals * findings
group by all
order by scan_number

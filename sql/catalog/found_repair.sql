-- One row a file that was read in spite of a fault, with what was done.
with each as (
    select unnest(repairs, recursive := true)
    from found
),

volume as (
    select file, patient, laterality, "view", split_part(scan, '-', 1) as volume
    from scan
    where source_kind = 'ddsm'
)

select file, 'catalog' as stage, what
from each

union all

-- 18 cases of DDSM lie in two volumes.
select volume.file, 'catalog' as stage, format('lies in {} too: both films are of one patient', other.volume) as what
from volume
join volume as other using (patient, laterality, "view")
where volume.volume <> other.volume

-- One row: how much the catalog holds.
select
    (select count(*) from scan) as scans,
    (select count(distinct patient) from scan) as patients,
    (select count(*) from lesion) as lesions,
    (select count(*) from rejected where stage = 'catalog') as "files rejected",
    (select count(*) from repair where stage = 'catalog') as "files repaired"

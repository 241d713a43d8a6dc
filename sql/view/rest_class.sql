-- One class: what patches, scans and patients are that have no lesion.
create macro rest_class() as (select min(class.class) from class where class.rest and class.known)

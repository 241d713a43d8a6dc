-- One class a pathology: what a domain says that others count as.
-- The columns of `class` have other names inside, so that no argument means them.
create macro class_of(asked) as (
    select min(of_class) from (select class as of_class, pathologies as of_pathologies from class)
    where list_contains(of_pathologies, asked)
)

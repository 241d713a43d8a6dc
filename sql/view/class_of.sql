-- One class a pathology: a benign lesion without callback counts as benign.
-- The columns of `class` have other names inside, so that no argument means them.
create macro class_of(asked) as (
    select min(of_class) from (select class as of_class, pathologies as of_pathologies from class)
    where list_contains(of_pathologies, asked)
)

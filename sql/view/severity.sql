-- One number a class: the more severe, the larger; see `class.place`.
-- The columns of `class` have other names inside, so that no argument means them.
create macro severity(asked) as (
    select max(of_place) from (select class as of_class, place as of_place from class) where of_class = asked
)

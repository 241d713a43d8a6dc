-- One truth value a class: whether it is what is left of the others, so that a scan has it where it has none of them.
-- The columns of `class` have other names inside, so that no argument means them.
create macro is_rest(asked) as (
    select bool_or(of_rest) from (select class as of_class, rest as of_rest from class) where of_class = asked
)

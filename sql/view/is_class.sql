-- One truth value: whether something of a known class is what the network answers, such as "not" another class.
-- The columns of `class` have other names inside, so that no argument means them.
create macro is_class(asked, answered) as (
    select bool_or(list_contains(of_holds, asked)) from (select class as of_class, holds as of_holds from class)
    where of_class = answered
)

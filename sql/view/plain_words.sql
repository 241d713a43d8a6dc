-- One phrase a keyword of a report: ILL_DEFINED is "ill defined", N/A is null.
create macro plain_words(keyword) as
    replace(replace(nullif(nullif(lower(trim(keyword)), 'n/a'), ''), '_', ' '), '-', ' ')

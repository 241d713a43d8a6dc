-- One row a lesion: its keywords as an expert would say them, "small red disc".
create view lesion_phrase as
with noun_of as (
    select lesion, attribute, term from keyword
    union
    select lesion, attribute, term
    from lesion_said
    anti join keyword using (lesion, attribute)
    join (select attribute, term from term) using (attribute)
    where contains(lower(keywords), term)
),

kind as (
    select lesion, category, number, concept_word(attribute || ': ' || term) as noun
    from noun_of
    semi join noun using (attribute)
    join term using (attribute, term)
),

described as (
    select lesion, category, string_agg(plain_words(keywords), ' ' order by place) as adjectives
    from lesion_said
    join (select distinct category, attribute, place from term anti join noun using (attribute)) using (attribute)
    group by all
),

said as (
    select
        lesion, string_agg(concat_ws(' ', adjectives, noun), ' with ' order by number) as phrase,
        string_agg(category, ', ' order by number) as category
    from kind
    left join described using (lesion, category)
    group by lesion
)

select
    lesion, class_of(pathology) as class, coalesce(phrase, 'other finding') as phrase,
    coalesce(category, 'Other') as category
from lesion
left join said using (lesion)

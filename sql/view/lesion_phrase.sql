-- One row a lesion: its keywords as a radiologist would say them, "irregular spiculated mass".
create view lesion_phrase as
with kind as (
    select lesion, category, number, concept_word('lesion type: ' || term) as noun
    from lesion
    join term on attribute = 'lesion type' and contains(lower(lesion_type), term)
),

described as (
    select lesion, category, string_agg(plain_words(keywords), ' ' order by place) as adjectives
    from lesion_keyword
    join (select distinct category, attribute, place from term where attribute <> 'lesion type') using (attribute)
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

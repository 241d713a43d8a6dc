-- One row a lesion and concept: each of its keywords by itself, "colour: red", though "-" or "; " join several.
create view lesion_concept as
with said as (
    from lesion_said
    anti join keyword using (lesion, attribute)
    union all by name
    select lesion, 'pathology' as attribute, class as keywords from lesion_class where known
),

one_keyword as (
    select lesion, attribute, unnest(regexp_split_to_array(keywords, '[-;|,]')) as keyword
    from said
)

select distinct lesion, attribute || ': ' || plain_words(trim(keyword, ' _')) as concept
from one_keyword
where plain_words(trim(keyword, ' _')) is not null
union
select lesion, attribute || ': ' || term as concept
from keyword

-- One row a lesion and concept: each of its keywords by itself, "margins: spiculated", though "-" or "; " join several.
create view lesion_concept as
with said as (
    select
        lesion,
        unnest([
            {attribute: 'lesion type', keywords: lesion_type},
            {attribute: 'shape', keywords: shape},
            {attribute: 'margins', keywords: margins},
            {attribute: 'calcification type', keywords: calcification_type},
            {attribute: 'distribution', keywords: distribution},
            {attribute: 'pathology', keywords: nullif(class_of(pathology), 'unproven')}
        ], recursive := true)
    from lesion
),

keyword as (
    select lesion, attribute, unnest(regexp_split_to_array(keywords, '[-;|,]')) as keyword
    from said
)

select distinct lesion, attribute || ': ' || plain_words(trim(keyword, ' _')) as concept
from keyword
where plain_words(trim(keyword, ' _')) is not null

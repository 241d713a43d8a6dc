-- One row a lesion: its keywords as a radiologist would say them, "irregular spiculated mass".
create view lesion_phrase as
with kind as (
    select
        lesion,
        class_of(pathology) as class,
        lower(lesion_type) like '%mass%' as mass,
        lower(lesion_type) like '%calcification%' as calcification,
        concat_ws(' ', plain_words(shape), plain_words(margins), 'mass') as mass_phrase,
        concat_ws(
            ' ', plain_words(distribution), plain_words(calcification_type), 'calcifications'
        ) as calcification_phrase
    from lesion
)

select
    lesion,
    class,
    case
        when mass and calcification then mass_phrase || ' with ' || calcification_phrase
        when mass then mass_phrase
        when calcification then calcification_phrase
        else 'other finding'
    end as phrase,
    case
        when mass and calcification then 'Mass, Calcification'
        when mass then 'Mass'
        when calcification then 'Calcification'
        else 'Other'
    end as category
from kind

-- One row a scan of the training partition: its labelled patches, and whether its patient is kept for validation.
-- Of the normal patches only $normals for each patch with a finding are taken, chosen by md5; all where it is null.
-- Where $balanced, patches of rarer answers are listed several times, until every answer has as many. A class that is
-- none of $answers counts as the first.
with labelled as (
    select
        scan_number, validation, patch, class,
        if(list_contains($answers, class), class, $answers[1]) as answer,
        row_number() over (partition by validation, is_rest(class) order by md5($seed || ':' || patch)) as drawn,
        count(*) filter (where not is_rest(class)) over (partition by validation) as findings
    from label
    join patch using (patch)
    join scan using (scan)
    join partition using (patient)
    where partition = 'train'
),

taken as (
    select
        *,
        row_number() over (partition by validation, answer order by md5($seed || ':again:' || patch)) as place,
        count(*) over (partition by validation, answer) as alike
    from labelled
    where not is_rest(class) or $normals is null or drawn <= $normals * findings
),

repeated as (
    select
        scan_number, validation, patch, class,
        if($balanced and not validation, max(alike) over (partition by validation) - place, 0) // alike + 1 as times
    from taken
)

select scan_number, validation, list(patch order by patch) as patches, list(class order by patch) as classes
from repeated, unnest(range(times))
group by scan_number, validation
order by scan_number

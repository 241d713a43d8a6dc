-- One row a phenomenon of an answer that differs from the annotator's last one about the unit: its next version.
with answer as (
    select
        *,
        row_number() over answered as position,
        string_agg(concat_ws('|', phenomenon, category, terms, association, confidence), '||') over (
            answered rows between unbounded preceding and unbounded following
        ) as whole
    from said
    window answered as (partition by unit, annotator order by place)
),

last_answer as (
    select
        unit, annotator,
        string_agg(
            concat_ws('|', phenomenon, category, terms, association, confidence), '||' order by position
        ) as whole
    from annotation_now
    where checkpoint = $checkpoint
    group by all
),

last_version as (
    select unit, annotator, max(version) as version
    from annotation
    where checkpoint = $checkpoint
    group by all
)

select
    unit, annotator, coalesce(last_version.version, 0) + 1 as version, position, recognizable, phenomenon, category,
    terms, association, confidence, false as repeat, $checkpoint as checkpoint, $saved_at as saved_at
from answer
left join last_answer using (unit, annotator)
left join last_version using (unit, annotator)
where answer.whole is distinct from last_answer.whole
order by unit, annotator, position

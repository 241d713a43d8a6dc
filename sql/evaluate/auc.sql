-- One row a partition, level and class: areas under the ROC curve; null without positives or without negatives.
-- pauc is the area between the curve and true-positive rate $pauc_from, crossing interpolated (chance 0.02, best 0.2);
-- pauc_paper is the authors' trapz(tpr[tpr >= .8], fpr[tpr >= .8]) * (1 - .8): the curve's points only, no crossing.
-- Both are summed in the curve's order, else the last digit would be another each time.
with threshold as (
    select partition, level, class, score, count(*) filter (positive) as hits, count(*) - hits as alarms
    from scored
    where list_contains($partitions, partition) and against = 'rest'
    group by all
),

curve as (
    select
        partition, level, class, score, hits, alarms, sum(hits) over curve as all_hits,
        sum(hits) over whole as positives, sum(alarms) over whole as negatives
    from threshold
    window
        whole as (partition by partition, level, class),
        curve as (partition by partition, level, class order by score desc)
),

step as (
    select
        *, alarms / nullif(negatives, 0) as width,
        (all_hits - hits) / nullif(positives, 0) as low, all_hits / nullif(positives, 0) as high
    from curve
)

select
    partition, level, class, positives, negatives,
    sum(alarms * (2 * all_hits - hits)) / nullif(2 * positives * negatives, 0) as auc,
    sum(width * case
        when low >= $pauc_from then (low + high) / 2 - $pauc_from
        when high > $pauc_from then (high - $pauc_from) ** 2 / (high - low) / 2
        when high <= $pauc_from then 0
    end order by score) as pauc,
    sum(width * case when low >= $pauc_from then (low + high) / 2 when low < $pauc_from then 0 end order by score)
        * (1 - $pauc_from) as pauc_paper
from step
group by partition, level, class, positives, negatives

-- One row a patch with a class (Sec. 2.1): patches of which a finding is unproven have none.
-- "(1) whether at least 30% of the patch contains benign or malignant tissue, and (2) whether at least 30% of a benign
-- or malignant finding is located in that patch": either makes the class, and malignant comes before benign.
with finding as (
    select patch, class_of(pathology) as class
    from overlap
    join lesion using (lesion)
    group by all
    having least(1, round(sum(cover), 9)) >= $cover or round(max(within), 9) >= $within
)

select patch, coalesce(arg_max(finding.class, severity(finding.class)), 'normal') as class
from patch
left join finding using (patch)
group by all
having class in ('normal', 'benign', 'malignant')

-- One row a pair of concepts that one lesion of the run has both of: only such can be one name.
select distinct one.concept as one, other.concept as other
from lesion_concept as one
join lesion_concept as other using (lesion)
where one.concept < other.concept
order by all

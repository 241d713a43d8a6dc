-- One row an explained scan and concept, the strongest first: what its units add together, and where.
select
    scan, class, concept_evidence.phenomenon, named, units, contribution, share, x, y
from concept_evidence
semi join explanation using (scan)
join (select scan, phenomenon from scan_map where shows = 'concept') as mapped using (scan)
where concept_evidence.phenomenon is not distinct from mapped.phenomenon
order by scan, contribution desc, concept_evidence.phenomenon

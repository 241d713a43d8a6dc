-- One row: how many units detect a concept, and how many go with an attribute of acquisition (q < 0.05).
select
    (select count(*) from unit_suggestion) as suggested,
    (select count(distinct unit) from activation) as units,
    (select count(distinct concept) from concept) as concepts,
    (select count(distinct unit) from acquisition where q < 0.05) as confounded

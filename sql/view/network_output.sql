-- One row a class that the network answers: the number of its output, from 1, by severity.
create view network_output as
select class, row_number() over (order by place) as output
from class
semi join weight using (class)

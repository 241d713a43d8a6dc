-- One row a curve and number of units: the mean probability of the class decided over all explained scans.
select curve, units, avg(probability) as probability, avg(list_avg(random)) as chance, count(*) as scans
from faithfulness
group by all
order by curve, units

-- One row a class and number of units: the share of all top places the most frequent units take (Sec. 2.2).
create table coverage (
    class varchar,
    units integer,
    coverage double,
    low double, -- confidence interval by patient
    high double
)

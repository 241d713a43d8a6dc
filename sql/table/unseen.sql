-- One row a ranked unit and labelled patch of patients that neither ranking nor naming saw: what names are tested on.
create table unseen (
    patch bigint,
    unit integer, -- 0-based channel
    maximum float
)

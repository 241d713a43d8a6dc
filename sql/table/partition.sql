-- One row a patient: all images of a patient are in the same partition (Sec. 2.1).
create table partition (
    patient varchar,
    partition varchar, -- train, test or holdout
    validation boolean -- true for a share of the training patients
)

-- One row an epoch of training; `validation_loss` is of the training partition's own validation patients.
create table epoch (
    epoch integer, -- from 1
    loss double,
    learning_rate double,
    patches_per_second double,
    validation_loss double,
    kept boolean -- the epoch whose weights the run uses; null while training goes on
)

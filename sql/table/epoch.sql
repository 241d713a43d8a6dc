-- One row an epoch of training; the validation columns are of the training partition's own validation patients.
create table epoch (
    epoch integer, -- from 1
    loss double,
    learning_rate double,
    patches_per_second double,
    validation_loss double,
    auc_normal double,
    auc_benign double,
    auc_malignant double,
    kept boolean -- the epoch whose weights the run uses; null while training goes on
)

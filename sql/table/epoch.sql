-- One row an epoch of training; the areas under the ROC curve are of the validation patients.
create table epoch (
    epoch integer, -- from 1
    loss double,
    learning_rate double,
    patches_per_second double,
    auc_normal double,
    auc_benign double,
    auc_malignant double
)

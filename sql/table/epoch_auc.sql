-- One row an epoch of training and class: how well it is told on patches of training's own validation patients.
create table epoch_auc (
    epoch integer,
    class varchar, -- what the network answers
    auc double -- null where none or all of the patches are of the class
)

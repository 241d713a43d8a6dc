-- One truth value a class: whether it is what is left of the others, so that a scan has it where it has none of them.
create macro is_rest(class) as class in ('normal', 'not_malignant')

-- One truth value: whether something of a known class is what the network answers; benign is not malignant too.
create macro is_class(known, answered) as
    known = answered or answered = 'not_malignant' and known in ('normal', 'benign')

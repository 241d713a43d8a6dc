-- Forgets the options of `run`, in the transaction that writes others.
delete from option

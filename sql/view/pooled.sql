-- What the linear layer takes of a unit's map, whose maximum and mean are given: by `layer.pool` one or the other.
create macro pooled(maximum, mean) as if((select any_value(pool) from layer) = 'max', maximum, mean)

-- One row where `cut` put films and patches elsewhere than into the run's folder: the address.
select parameters ->> 'storage' as storage
from stage
where stage = 'cut' and storage is not null

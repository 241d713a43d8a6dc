-- One row a finished stage that left files: the digest of its list of shards, or of its network.
select stage, coalesce(parameters ->> 'shards', parameters ->> 'checkpoint') as digest
from stage
where stage in ('cut', 'train', 'probe') and digest is not null

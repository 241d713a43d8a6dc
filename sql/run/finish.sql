-- Marks a stage finished, in the transaction that holds its rows.
insert into stage by name (
    select
        $stage as stage,
        $parameters as parameters,
        $started_at as started_at,
        $seconds as seconds,
        $version as version
)

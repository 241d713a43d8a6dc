-- Lets the table of scans that an earlier version made hold what tells whether a film's file has changed.
alter table scan add column if not exists fingerprint varchar

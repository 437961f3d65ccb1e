-- The events that the rules need, from a table of raw events: one CloudTrail event as text in the column line.
--   clickhouse client --queries-file sieve.sql | forepost conclude - --rules my-rules/
SELECT line FROM cloudtrail_raw WHERE forepost_sieve(line) SETTINGS webassembly_udf_max_fuel = 0 FORMAT TSVRaw

-- Once on each replica, with the module of `make clickhouse`:
--   clickhouse client -q "INSERT INTO system.webassembly_modules (name, code) SELECT 'forepost', code FROM input('code String') FORMAT RawBlob" < dist/clickhouse/forepost.wasm
CREATE OR REPLACE FUNCTION forepost_sieve LANGUAGE WASM FROM 'forepost' :: 'forepost_sieve_rows' ARGUMENTS (line String) RETURNS UInt8 ABI BUFFERED_V1 DETERMINISTIC SETTINGS serialization_format = 'RowBinary';

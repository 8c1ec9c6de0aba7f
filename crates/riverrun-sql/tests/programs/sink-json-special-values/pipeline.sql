-- What needs care in JSON, written and read back.
CREATE TABLE o (a STRING, b DOUBLE, c TIMESTAMP_LTZ(3), d DATE, e TIME, f BYTES, g MAP<STRING, INT>, h ARRAY<ROW<x INT>>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');
INSERT INTO o SELECT 'a"b\n', 1e-7, TO_TIMESTAMP_LTZ(1709251200123, 3), DATE '2024-02-29', TIME '10:11:12', x'00ff', MAP['k', 1], ARRAY[ROW(1), ROW(CAST(NULL AS INT))];
SELECT * FROM o;

-- A watermark for a field of a row.
CREATE TABLE t (r ROW<ts TIMESTAMP(3)>, WATERMARK FOR r.ts AS r.ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t', 'format' = 'json');
SELECT * FROM t;

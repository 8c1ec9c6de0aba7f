-- Rows of windows over a changelog, computed with and aggregated.
CREATE TABLE t (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'debezium-json');
SELECT window_start, window_end, COUNT(*) AS n, SUM(x) AS s FROM (SELECT window_start, window_end, v + EXTRACT(MINUTE FROM window_start) AS x FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) GROUP BY window_start, window_end;

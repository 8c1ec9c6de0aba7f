-- Windows over unnested rows keep the time attribute.
CREATE TABLE e (ts TIMESTAMP(3), items ARRAY<ROW<sku STRING, n INT>>, WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
CREATE VIEW lines AS SELECT e.ts, i.sku, i.n FROM e CROSS JOIN UNNEST(items) AS i(sku, n);
SELECT window_start, sku, SUM(n) AS n FROM TABLE(TUMBLE(TABLE lines, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, sku;

-- A funnel: view, cart, buy per user and session; conversion by day.
CREATE TABLE clicks (u INT, p STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
CREATE VIEW sessions AS SELECT u, window_start AS ws, window_end AS we, window_time AS wt, COUNT(*) AS n, MAX(CASE p WHEN 'view' THEN 1 WHEN 'cart' THEN 2 WHEN 'buy' THEN 3 END) AS stage, LISTAGG(p, '>') AS path
FROM TABLE(SESSION(TABLE clicks PARTITION BY u, DESCRIPTOR(ts), INTERVAL '10' MINUTE)) GROUP BY u, window_start, window_end, window_time;
SELECT window_start AS d, COUNT(*) AS sessions, COUNT(*) FILTER (WHERE stage >= 2) AS carts, COUNT(*) FILTER (WHERE stage = 3) AS bought, CAST(COUNT(*) FILTER (WHERE stage = 3) AS DOUBLE) / COUNT(*) AS conversion, MAX(path) AS longest
FROM TABLE(TUMBLE(TABLE sessions, DESCRIPTOR(wt), INTERVAL '1' DAY)) GROUP BY window_start, window_end;

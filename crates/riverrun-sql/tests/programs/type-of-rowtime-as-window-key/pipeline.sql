-- The event time as a key beside the window is shown as one.
CREATE TABLE t (
  id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
CREATE TEMPORARY VIEW legacy AS SELECT ts, k, TUMBLE_START(ts, INTERVAL '5' SECOND) AS ws, COUNT(*) AS n FROM t GROUP BY ts, k, TUMBLE(ts, INTERVAL '5' SECOND);
CREATE TEMPORARY VIEW sessions AS SELECT ts, k, window_start AS ws, COUNT(*) AS n FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, ts, k;
CREATE TEMPORARY VIEW tumbles AS SELECT ts, window_start AS ws, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, ts;
SELECT l.ts, r.ts AS sts, x.ts AS xts, l.n, r.n AS m, x.n AS o FROM legacy AS l JOIN sessions AS r ON l.k = r.k AND l.ws = r.ws JOIN tumbles AS x ON x.ws = l.ws;

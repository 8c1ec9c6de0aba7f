-- A row that is late for both sides of a join of a stream with itself joins nothing.
CREATE TABLE g (id INT, k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/g.json', 'format' = 'json');
CREATE VIEW w AS SELECT * FROM TABLE(TUMBLE(TABLE g, DESCRIPTOR(ts), INTERVAL '10' SECOND));
SET 'pipeline.auto-watermark-interval' = '0 ms';
SELECT a.id, b.id AS id2, a.window_start FROM w a JOIN w b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end;

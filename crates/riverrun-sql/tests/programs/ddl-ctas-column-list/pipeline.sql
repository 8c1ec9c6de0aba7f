-- A table created as a query with a column that the query doesn't have.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE copy_t (extra STRING, WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/copy', 'format' = 'json') AS SELECT id, ts FROM events;
SELECT id, extra FROM copy_t;

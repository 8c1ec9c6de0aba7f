-- LIKE with EXCLUDING and OVERWRITING options.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE copy (extra STRING) LIKE events (EXCLUDING WATERMARKS OVERWRITING OPTIONS);
SELECT id, ts, extra FROM copy WHERE id < 3;

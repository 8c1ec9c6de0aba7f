-- FIRST_VALUE and LAST_VALUE of rows in order of arrival.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, FIRST_VALUE(v) AS fv, LAST_VALUE(v) AS lv, FIRST_VALUE(amt) AS fa, LAST_VALUE(ts) AS lt FROM plain GROUP BY k;

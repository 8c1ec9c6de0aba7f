-- Types of arithmetic between the number types.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT v + amt AS a, v * d AS b, amt * amt AS c, amt / v AS e, v / 2 AS f, v / 2.0 AS g, amt - 1 AS h, CAST(v AS SMALLINT) + CAST(1 AS TINYINT) AS i, d / 3 AS j, v % 3 AS l FROM events WHERE id = 2;

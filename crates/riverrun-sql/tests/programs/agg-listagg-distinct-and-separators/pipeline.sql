-- LISTAGG with DISTINCT, with a separator, over one group of rows in order.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT LISTAGG(k) AS a, LISTAGG(k, '') AS b, LISTAGG(DISTINCT k, '|') AS c, LISTAGG(CAST(v AS STRING), ';') FILTER (WHERE v > 9) AS e FROM plain;

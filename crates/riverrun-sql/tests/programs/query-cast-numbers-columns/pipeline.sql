-- Number types into each other, without overflow.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, CAST(v AS TINYINT) AS a, CAST(amt AS INT) AS b, CAST(amt AS DECIMAL(6, 1)) AS c, CAST(d AS BIGINT) AS e, CAST(d AS FLOAT) AS f, CAST(amt AS DOUBLE) AS g, CAST(v AS DECIMAL(5, 2)) AS h, CAST(d AS DECIMAL(20, 2)) AS i, CAST(id AS BOOLEAN) AS j FROM plain;

-- UNION ALL of a changelog and new rows, aggregated.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT src, COUNT(*) AS n, SUM(x) AS s FROM (SELECT 'i' AS src, n AS x FROM items UNION ALL SELECT 'p', v FROM plain) GROUP BY src;

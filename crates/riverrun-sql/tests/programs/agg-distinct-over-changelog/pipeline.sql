-- DISTINCT aggregates over updated rows.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT cat, COUNT(DISTINCT n) AS dn, SUM(DISTINCT n) AS sn, MIN(price) AS mi, MAX(price) AS ma, AVG(price) AS av FROM items GROUP BY cat;

-- DISTINCT over UNION of changelogs, then counted by letter.
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
CREATE TABLE stock (item STRING, left_n INT, PRIMARY KEY (item) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/stock.json', 'format' = 'canal-json');
SELECT SUBSTRING(x, 1, 1) AS l, COUNT(*) AS n, STRING_AGG_COUNT FROM (SELECT x, COUNT(*) AS STRING_AGG_COUNT FROM (SELECT name AS x FROM users UNION ALL SELECT item FROM stock UNION ALL SELECT city FROM users) GROUP BY x) GROUP BY SUBSTRING(x, 1, 1), STRING_AGG_COUNT;

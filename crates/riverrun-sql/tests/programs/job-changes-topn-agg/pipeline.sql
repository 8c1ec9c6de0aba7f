-- The best three users of each city, and what they have together.
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
CREATE VIEW best AS SELECT id, city, score, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY city ORDER BY score DESC, id) AS rn FROM users) WHERE rn <= 3;
SELECT city, COUNT(*) AS n, SUM(score) AS s, MAX(rn) AS r FROM best GROUP BY city HAVING SUM(score) > 3;

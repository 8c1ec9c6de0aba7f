-- FROM_CHANGELOG takes no PARTITION BY.
CREATE TABLE ops (op STRING, id INT, v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/ops.json', 'format' = 'json');
SELECT id, SUM(v) AS s FROM FROM_CHANGELOG(input => TABLE ops PARTITION BY id) GROUP BY id;

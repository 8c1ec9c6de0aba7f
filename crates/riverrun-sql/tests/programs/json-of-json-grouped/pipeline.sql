-- JSON that is built of aggregates is nested; what is a group key, or an aggregate's JSON, is quoted.
CREATE TABLE p (id INT NOT NULL, dev STRING, v DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT JSON_OBJECT('x' VALUE j) AS x FROM (SELECT dev, JSON_OBJECT('s' VALUE SUM(v), 'l' VALUE JSON_ARRAYAGG(1)) AS j FROM p GROUP BY dev HAVING SUM(v) > 3)
UNION ALL SELECT JSON_OBJECT('key' VALUE j, 'n' VALUE COUNT(*)) FROM (SELECT JSON_OBJECT('id' VALUE id) AS j FROM p) GROUP BY j
UNION ALL SELECT JSON_ARRAY(JSON_OBJECT('id' VALUE id), JSON_ARRAY(id), COUNT(*)) FROM p GROUP BY JSON_OBJECT('id' VALUE id), id
UNION ALL SELECT JSON_ARRAYAGG(j) FROM (SELECT DISTINCT id, JSON_OBJECT('id' VALUE id) AS j FROM p) GROUP BY id;

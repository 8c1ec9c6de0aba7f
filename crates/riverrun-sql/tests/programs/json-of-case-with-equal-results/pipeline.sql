-- A CASE with equal results is that result, and JSON stays JSON.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT id, JSON_OBJECT('x' VALUE CASE WHEN id > 2 THEN j ELSE j END) AS r1 FROM (SELECT id, JSON_OBJECT('a' VALUE v) AS j FROM e);

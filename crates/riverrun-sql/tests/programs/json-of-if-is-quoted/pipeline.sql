-- IFNULL and IF are functions: JSON behind them is a text, also through COALESCE.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT id, JSON_ARRAY(IFNULL(IFNULL(j, ''), '')) AS r1, JSON_STRING(IFNULL(j, '')) AS r2, JSON_ARRAY(COALESCE(IFNULL(j, ''), '')) AS r3 FROM (SELECT id, JSON_OBJECT('a' VALUE v) AS j FROM e);

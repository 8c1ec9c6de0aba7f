-- A CASE with equal results does not evaluate its conditions.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT id, CASE WHEN 1 / (id - 1) = 1 THEN k ELSE k END AS r FROM e;

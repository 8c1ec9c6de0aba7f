-- JSON that IF and IFNULL take is quoted where they give it.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT id, JSON_OBJECT('x' VALUE IF(TRUE, JSON_OBJECT('a' VALUE v), '{}')) AS r, JSON_OBJECT('x' VALUE IFNULL(JSON_OBJECT('a' VALUE v), '{}')) AS r2 FROM e;

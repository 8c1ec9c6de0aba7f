-- Numbers, objects and booleans read as STRING, and texts as numbers.
CREATE TABLE a (s STRING, n INT, b BOOLEAN, f FLOAT, t STRING, u STRING, d DECIMAL(6, 2)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
SELECT * FROM a;

-- JSON that all branches of UNION ALL build is nested; behind UNION it is a text.
CREATE TABLE p (id INT NOT NULL, dev STRING, v DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW w AS SELECT id, JSON_OBJECT('id' VALUE id) AS j FROM p UNION ALL SELECT id, JSON_ARRAY(id) FROM p;
SELECT JSON_OBJECT('x' VALUE j) AS x FROM w WHERE id > 4
UNION ALL SELECT JSON_OBJECT('distinct' VALUE j) FROM (SELECT JSON_OBJECT('id' VALUE id) AS j FROM p UNION SELECT JSON_ARRAY(id) FROM p);

-- JSON_ARRAYAGG and JSON_OBJECTAGG nest JSON that projections build.
CREATE TABLE p (id INT NOT NULL, dev STRING, v DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW w AS SELECT id, dev, JSON_OBJECT('id' VALUE id) AS j FROM p;
SELECT id, JSON_ARRAYAGG(j) AS a, JSON_OBJECTAGG(KEY j VALUE j) AS o, JSON_ARRAYAGG(JSON_ARRAY(j)) AS n, JSON_ARRAYAGG(JSON_STRING(j)) AS s,
  JSON_ARRAYAGG(CAST(j AS STRING)) AS c, JSON_ARRAYAGG(CAST(j AS VARCHAR(90))) AS v, JSON_ARRAYAGG(j || '') AS t, MAX(j) AS m FROM w GROUP BY id;

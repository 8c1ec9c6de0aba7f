-- Behind joins, UNNEST, OVER, Top-N, sets and other functions JSON is a text.
CREATE TABLE t (id INT NOT NULL, dev STRING, v DOUBLE, ts TIMESTAMP(3), tags ARRAY<STRING>, WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE p (id INT NOT NULL, dev STRING, v DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW w AS SELECT id, dev, v, ts, tags, JSON_OBJECT('id' VALUE id) AS j FROM t;
SELECT JSON_OBJECT('join' VALUE a.j) AS x, JSON_STRING(a.j) AS s FROM (SELECT id, JSON_OBJECT('id' VALUE id) AS j FROM p) a JOIN p b ON a.id = b.id
UNION ALL SELECT JSON_OBJECT('semi' VALUE j), j FROM (SELECT id, JSON_OBJECT('id' VALUE id) AS j FROM p) WHERE id IN (SELECT CAST(v AS INT) FROM p)
UNION ALL SELECT JSON_OBJECT('unnest' VALUE j), tag FROM w CROSS JOIN UNNEST(tags) AS u (tag)
UNION ALL SELECT JSON_OBJECT('over' VALUE j, 'n' VALUE n), j FROM (SELECT j, COUNT(*) OVER (PARTITION BY dev ORDER BY ts) AS n FROM w)
UNION ALL SELECT JSON_OBJECT('top' VALUE j), j FROM (SELECT j, ROW_NUMBER() OVER (PARTITION BY dev ORDER BY v DESC) AS rn FROM (SELECT dev, v, JSON_OBJECT('id' VALUE id) AS j FROM p)) WHERE rn = 1
UNION ALL SELECT JSON_OBJECT('top of its own' VALUE j), j FROM (SELECT JSON_OBJECT('id' VALUE id) AS j, ROW_NUMBER() OVER (PARTITION BY dev ORDER BY v DESC) AS rn FROM p) WHERE rn = 1
UNION ALL SELECT JSON_OBJECT('both' VALUE j), j FROM (SELECT JSON_OBJECT('id' VALUE id) AS j FROM p INTERSECT SELECT JSON_OBJECT('id' VALUE id) AS j FROM p WHERE id > 3)
UNION ALL SELECT JSON_OBJECT('concat' VALUE j || '', 'upper' VALUE UPPER(j), 'if' VALUE IF(id > 4, j, k)), CAST(j AS STRING) FROM (SELECT id, JSON_OBJECT('id' VALUE id) AS j, JSON_ARRAY(id) AS k FROM p)
UNION ALL SELECT JSON_OBJECT('row' VALUE r, 'cut' VALUE CAST(j AS VARCHAR(4)), 'cast' VALUE CAST(j AS STRING), 'first' VALUE COALESCE(j, '{}'), 'try' VALUE TRY_CAST(j AS STRING)), j
  FROM (SELECT JSON_OBJECT('id' VALUE id) AS j, ROW(JSON_OBJECT('id' VALUE id), id) AS r FROM p);

-- JSON functions over texts that are JSON, and that are not.
CREATE TABLE t (j STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT JSON_VALUE(j, '$.a') AS a, JSON_VALUE(j, '$.b[1]') AS b, JSON_QUERY(j, '$.b') AS c, JSON_QUERY(j, '$.a' WITH WRAPPER) AS d, JSON_EXISTS(j, '$.c.d') AS e, JSON_VALUE(j, '$.x' DEFAULT 'none' ON EMPTY) AS f, JSON_VALUE(j, 'strict $.x' NULL ON ERROR) AS g, JSON_QUERY(j, '$.c' EMPTY OBJECT ON EMPTY) AS h, j IS JSON AS i, j IS JSON OBJECT AS k, j IS JSON ARRAY AS l, j IS JSON SCALAR AS m FROM t;

-- JSON functions over a column.
SELECT id, JSON_VALUE(j, '$.a') AS a, JSON_VALUE(j, 'lax $.b.c' RETURNING INT DEFAULT -1 ON EMPTY DEFAULT -2 ON ERROR) AS b, JSON_QUERY(j, '$.arr') AS q, JSON_QUERY(j, 'lax $.arr[*].n' WITH WRAPPER) AS w, JSON_EXISTS(j, '$.b') AS e, j IS JSON OBJECT AS o, j IS JSON ARRAY AS ia, JSON_VALUE(j, '$.arr[1].n') AS n1
FROM (VALUES (1, '{"a":"x","b":{"c":5},"arr":[{"n":1},{"n":"two"}]}'), (2, '{"a":1.50,"b":null}'), (3, '[1,2]'), (4, 'oops'), (5, CAST(NULL AS STRING))) AS t(id, j);

-- What a projection below builds as JSON is nested, also through views, CTEs and WHERE.
CREATE TABLE p (id INT NOT NULL, dev STRING, v DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW w AS SELECT id, JSON_OBJECT('id' VALUE id) AS j, JSON_ARRAY(id, dev) AS a, JSON_OBJECT() AS o FROM p WHERE id > 1;
WITH c AS (SELECT id, j, a, o, JSON_OBJECT('j' VALUE j) AS k FROM w WHERE j LIKE '%id%')
SELECT c.j, JSON_OBJECT('j' VALUE j, 'a' VALUE a, 'o' VALUE o, 'k' VALUE k, KEY j VALUE id) AS b, JSON_ARRAY(j, JSON_ARRAY(k)) AS d,
  JSON_STRING(j) AS s, JSON_STRING(JSON_ARRAY(id)) AS t, JSON_ARRAY(JSON_STRING(j)) AS u
FROM c WHERE JSON_OBJECT('x' VALUE j) <> '{"x":{"id":5}}';

-- JSON of constants is JSON for what stands above.
SELECT JSON_OBJECT('x' VALUE j) AS x, JSON_OBJECT('y' VALUE k) AS y, JSON_ARRAY(c) AS c, JSON_ARRAY(v) AS v
FROM (SELECT JSON_OBJECT('id' VALUE a) AS j, k, JSON_ARRAY(1) AS c, v
  FROM (VALUES (1, JSON_ARRAY(), '[]'), (2, JSON_OBJECT('z' VALUE 2), 'b')) AS t (a, k, v));

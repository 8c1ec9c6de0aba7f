-- Patterns over characters beyond ASCII.
CREATE TABLE t (s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT s, s LIKE '_a%' AS a, s LIKE '%ß%' AS b, s SIMILAR TO '(naïve|日本).*' AS c, REGEXP(s, '^[a-z]+$') AS d, REGEXP_EXTRACT(s, '(\w+) (\w+)', 2) AS e, REGEXP_REPLACE(s, '[aeiou]', '#') AS f FROM t;

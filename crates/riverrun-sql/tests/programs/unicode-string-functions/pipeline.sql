-- String functions over characters beyond ASCII.
CREATE TABLE t (s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT s, CHAR_LENGTH(s) AS l, UPPER(s) AS u, LOWER(s) AS lo, SUBSTRING(s, 2, 2) AS sub, REVERSE(s) AS rv, POSITION('ß' IN s) AS p, LEFT(s, 1) AS le, RIGHT(s, 1) AS ri, LPAD(s, 6, '*') AS lp, INITCAP(s) AS ic, OVERLAY(s PLACING 'xx' FROM 2 FOR 1) AS ov FROM t;

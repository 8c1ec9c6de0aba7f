-- Views over VALUES with names and types.
CREATE TEMPORARY VIEW a (x, y) AS VALUES (1, 'one'), (2, 'two');
CREATE VIEW b AS SELECT x * 2 AS x2, UPPER(y) AS y FROM a;
SELECT * FROM b UNION ALL SELECT x, y FROM a;

-- Five tables with USING and ON.
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT a.k, b.name, c.w, e.z FROM dims AS a JOIN dims AS b USING (k) LEFT JOIN (VALUES ('a', 1), ('e', 2)) AS c(k, w) ON b.k = c.k JOIN (VALUES (1, 'one'), (2, 'two')) AS e(w, z) ON c.w = e.w LEFT JOIN (VALUES ('one')) AS f(z) ON f.z = e.z;

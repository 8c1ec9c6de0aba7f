-- A star over USING shows the key once.
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT * FROM dims AS a JOIN (VALUES ('a', 1), ('b', 2)) AS c(k, w) USING (k);

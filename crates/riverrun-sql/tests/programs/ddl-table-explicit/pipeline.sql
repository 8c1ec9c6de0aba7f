-- TABLE t as a query, and in a set operation.
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT * FROM dims UNION ALL TABLE dims;

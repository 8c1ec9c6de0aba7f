-- Orders without payment within a minute, by an outer interval join.
CREATE TABLE o (oid INT, ot TIMESTAMP(3), WATERMARK FOR ot AS ot) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'json');
CREATE TABLE p (oid INT, pt TIMESTAMP(3), WATERMARK FOR pt AS pt) WITH ('connector' = 'filesystem', 'path' = '${DIR}/p.json', 'format' = 'json');
SELECT o.oid, o.ot FROM o LEFT JOIN p ON o.oid = p.oid AND p.pt BETWEEN o.ot AND o.ot + INTERVAL '1' MINUTE WHERE p.oid IS NULL;

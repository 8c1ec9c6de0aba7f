-- Processing time has no watermark.
CREATE TABLE s (id INT, pt AS PROCTIME(), WATERMARK FOR pt AS pt) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT id FROM s;

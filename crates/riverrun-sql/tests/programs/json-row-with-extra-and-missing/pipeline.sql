-- Rows within rows with missing and further fields.
CREATE TABLE a (r ROW<a INT, b STRING>, x STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
SELECT r.a, r.b, r, x FROM a;

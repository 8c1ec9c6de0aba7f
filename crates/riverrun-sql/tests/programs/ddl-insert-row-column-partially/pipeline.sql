-- INSERT that names a field of a row column.
CREATE TABLE o (id INT, r ROW<a INT, b STRING>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o (id, r) SELECT 1, ROW(2, 'x');
SELECT id, r.a, r.b FROM o;

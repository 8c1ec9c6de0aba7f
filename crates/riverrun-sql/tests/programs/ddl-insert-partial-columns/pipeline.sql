-- Columns that INSERT leaves out are NULL; the order is the list's.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (a STRING, b INT, c DOUBLE, d STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o (b, a) SELECT id, k FROM plain WHERE id < 5;
INSERT INTO o (d, c) VALUES ('x', 1.5), ('y', 2);
SELECT * FROM o;

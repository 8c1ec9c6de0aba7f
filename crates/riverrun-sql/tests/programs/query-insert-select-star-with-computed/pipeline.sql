-- INSERT of a star into a table of other names.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (a INT, b STRING, c BIGINT, d DECIMAL(12, 3), e DOUBLE, f TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'csv');
INSERT INTO o SELECT * FROM plain WHERE id < 4;
SELECT * FROM o;

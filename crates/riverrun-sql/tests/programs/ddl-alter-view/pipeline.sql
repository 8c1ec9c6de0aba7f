-- ALTER VIEW AS, RENAME.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW w AS SELECT id FROM plain;
ALTER VIEW w AS SELECT id, v FROM plain WHERE v > 20;
ALTER VIEW w RENAME TO x;
SELECT * FROM x;

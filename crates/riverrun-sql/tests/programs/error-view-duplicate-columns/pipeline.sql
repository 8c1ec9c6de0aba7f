-- A view whose query gives two columns of one name.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW w AS SELECT a.id, b.id FROM plain AS a JOIN plain AS b ON a.id = b.id;
SELECT 1;

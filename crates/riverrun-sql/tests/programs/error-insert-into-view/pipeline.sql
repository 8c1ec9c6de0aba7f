-- INSERT into a view.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW w AS SELECT id FROM plain;
INSERT INTO w SELECT id FROM plain;
SELECT 1;

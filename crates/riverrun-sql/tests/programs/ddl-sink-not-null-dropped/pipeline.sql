-- table.exec.sink.not-null-enforcer = DROP leaves rows out.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (id INT NOT NULL, k STRING NOT NULL, v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
SET 'table.exec.sink.not-null-enforcer' = 'DROP';
INSERT INTO o SELECT id, k, v FROM plain;
SELECT id, k, v FROM o;

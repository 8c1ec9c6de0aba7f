-- Metadata columns of files.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE m (id INT, name STRING METADATA FROM 'file.name' VIRTUAL, size BIGINT METADATA FROM 'file.size') WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT DISTINCT name, size FROM m;

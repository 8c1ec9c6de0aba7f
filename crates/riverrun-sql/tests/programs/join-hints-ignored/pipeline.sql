-- Join hints of batch mode, and state hints.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT /*+ BROADCAST(d), STATE_TTL('p' = '1 d', 'd' = '2 d') */ p.id, d.name FROM plain AS p JOIN dims AS d ON p.k = d.k;

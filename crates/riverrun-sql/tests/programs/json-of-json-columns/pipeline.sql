-- Computed columns are a projection, but below a watermark.
CREATE TABLE c (id INT, dev STRING, j AS JSON_OBJECT('id' VALUE id), k AS JSON_ARRAY(dev))
WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE d (id INT, ts TIMESTAMP(3), j AS JSON_OBJECT('n' VALUE JSON_ARRAY(id)), WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT JSON_OBJECT('j' VALUE j, 'k' VALUE k) AS x, j FROM c WHERE id > 1
UNION ALL SELECT JSON_OBJECT('j' VALUE j), j FROM d WHERE id > 1;

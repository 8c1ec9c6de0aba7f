-- Events with a text of JSON within, flattened and summed up.
CREATE TABLE raw (id INT, payload STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/raw.json', 'format' = 'json');
SELECT id, JSON_VALUE(payload, '$.user.name' NULL ON ERROR) AS name, JSON_VALUE(payload, '$.user.age' RETURNING INT) AS age, CAST(JSON_VALUE(payload, '$.items[0].p') AS DECIMAL(6, 2)) AS p0, JSON_QUERY(payload, '$.items') AS items, payload IS JSON AS ok FROM raw;

-- ISO-8601 timestamps read, with T and Z.
CREATE TABLE a (ts TIMESTAMP(3), l TIMESTAMP_LTZ(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');
SELECT * FROM a;

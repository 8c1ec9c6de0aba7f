-- JSON_OBJECTAGG and JSON_ARRAYAGG.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT MOD(id, 2) AS h, JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE v ABSENT ON NULL) AS o, JSON_ARRAYAGG(v NULL ON NULL) AS a FROM plain GROUP BY MOD(id, 2);

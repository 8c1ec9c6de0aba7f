-- A changelog without a key, counted.
CREATE TABLE a (g STRING, v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'debezium-json');
SELECT g, COUNT(*) AS n, MAX(v) AS m, LISTAGG(CAST(v AS STRING)) AS l FROM a GROUP BY g;

-- DISTINCT of split keys, with other aggregates beside it.
SET 'table.optimizer.distinct-agg.split.enabled' = 'true';
SET 'table.optimizer.distinct-agg.split.bucket-num' = '4';
CREATE TABLE clicks (id INT, who STRING, n INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT who, COUNT(DISTINCT n) AS ns, COUNT(DISTINCT n) FILTER (WHERE id > 3) AS later, SUM(DISTINCT n) AS total, AVG(DISTINCT n) AS mean, COUNT(*) AS c, MAX(n) AS m, MIN(DISTINCT n) AS l FROM clicks GROUP BY who;

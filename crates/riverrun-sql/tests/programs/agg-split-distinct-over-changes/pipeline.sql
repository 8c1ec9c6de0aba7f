-- A split DISTINCT over results that are updated.
SET 'table.optimizer.distinct-agg.split.enabled' = 'true';
SET 'table.optimizer.distinct-agg.split.bucket-num' = '4';
CREATE TABLE clicks (id INT, who STRING, n INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT k, COUNT(DISTINCT n) AS ns, COUNT(*) AS c, SUM(DISTINCT n) AS s FROM (SELECT who, COUNT(*) AS k, MAX(n) AS n FROM clicks GROUP BY who, MOD(id, 3)) GROUP BY k;

-- Stock per item from movements, low stock by threshold table.
CREATE TABLE moves (item STRING, d INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/moves.json', 'format' = 'json');
CREATE VIEW limits AS SELECT * FROM (VALUES ('a', 5), ('b', 10), ('c', 1)) AS t(item, lim);
WITH stock AS (SELECT item, SUM(d) AS n, MAX(ts) AS last_ts FROM moves GROUP BY item)
SELECT s.item, s.n, l.lim, l.lim - s.n AS missing FROM stock AS s JOIN limits AS l ON s.item = l.item AND s.n < l.lim;

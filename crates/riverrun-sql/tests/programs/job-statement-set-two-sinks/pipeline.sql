-- A statement set feeds two tables of files from one view; both are read back.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TEMPORARY VIEW priced AS SELECT id, item, qty * price AS total FROM orders WHERE qty IS NOT NULL;
CREATE TABLE big (id INT, item STRING, total DECIMAL(20, 2)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/big', 'format' = 'csv');
CREATE TABLE small (id INT, total DECIMAL(20, 2)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/small', 'format' = 'json');
EXECUTE STATEMENT SET BEGIN INSERT INTO big SELECT id, item, total FROM priced WHERE total >= 10; INSERT INTO small (total, id) SELECT total, id FROM priced WHERE total < 10; END;
SELECT b.item, COUNT(*) AS n, SUM(b.total) AS t, MAX(s.total) AS m FROM big AS b LEFT JOIN small AS s ON b.id = s.id GROUP BY b.item;

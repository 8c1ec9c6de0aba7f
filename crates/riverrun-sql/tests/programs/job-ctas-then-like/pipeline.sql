-- A table made of a query, and another like it with options of its own.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE first_copy WITH ('connector' = 'filesystem', 'path' = '${DIR}/first', 'format' = 'json') AS SELECT id, item, price FROM orders WHERE item IS NOT NULL;
CREATE TABLE second_copy (note STRING) WITH ('path' = '${DIR}/second', 'format' = 'csv', 'csv.null-literal' = '~') LIKE first_copy (OVERWRITING OPTIONS);
INSERT INTO second_copy SELECT id, item, price, CASE WHEN price > 5 THEN 'dear' END FROM first_copy;
SELECT item, note, COUNT(*) AS n, SUM(price) AS s FROM second_copy GROUP BY item, note;

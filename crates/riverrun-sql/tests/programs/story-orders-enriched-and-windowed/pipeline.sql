-- Orders (changes) enriched with customers, revenue per region, top regions.
CREATE TABLE orders (oid INT, cid INT, amount DECIMAL(10, 2), status STRING, PRIMARY KEY (oid) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'debezium-json');
CREATE TABLE customers (cid INT, name STRING, region STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/customers.csv', 'format' = 'csv');
SELECT region, revenue, orders, rn FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY revenue DESC) AS rn FROM (
    SELECT COALESCE(c.region, 'unknown') AS region, SUM(o.amount) AS revenue, COUNT(*) AS orders
    FROM orders AS o LEFT JOIN customers AS c ON o.cid = c.cid WHERE o.status = 'paid' GROUP BY COALESCE(c.region, 'unknown')))
WHERE rn <= 2;

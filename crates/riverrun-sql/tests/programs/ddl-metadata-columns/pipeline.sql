-- Metadata columns.
CREATE TABLE orders (order_id INT, `file.path` STRING NOT NULL METADATA, n STRING NOT NULL METADATA FROM 'file.name' VIRTUAL) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT order_id, n FROM orders WHERE order_id < 1003;

CREATE TABLE orders (
  o_id INT, cust STRING, prod STRING, qty INT, price DECIMAL(8, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT window_start, window_end, COUNT(*) n FROM TABLE(CUMULATE(TABLE orders, DESCRIPTOR(ts), INTERVAL '30' SECOND, INTERVAL '1' MINUTE, INTERVAL '75' SECOND)) GROUP BY window_start, window_end;

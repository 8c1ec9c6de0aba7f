CREATE TABLE orders (
  o_id INT, cust STRING, prod STRING, qty INT, price DECIMAL(8, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE pays (
  pid INT, o_id INT, amt DECIMAL(8, 2), pts TIMESTAMP(3),
  WATERMARK FOR pts AS pts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
SELECT window_start, window_end, SUM(n) s FROM (SELECT window_start, window_end, COUNT(*) n FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end UNION ALL SELECT window_start, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE pays, DESCRIPTOR(pts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end) GROUP BY window_start, window_end;

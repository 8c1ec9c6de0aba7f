-- Open, high, low, close and volume-weighted price per symbol and minute.
CREATE TABLE trades (sym STRING, price DECIMAL(8, 2), qty INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/trades.csv', 'format' = 'csv', 'csv.null-literal' = '');
SELECT sym, window_start, FIRST_VALUE(price) AS o, MAX(price) AS h, MIN(price) AS l, LAST_VALUE(price) AS c, SUM(price * qty) / SUM(qty) AS vwap, SUM(qty) AS vol FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY sym, window_start, window_end;

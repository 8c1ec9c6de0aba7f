-- Web-log analytics: per minute of event time the status codes, the ten busiest URLs, the share of server
-- errors, and the clients with more than ten errors. Lines that are no log lines go to a table of their own.
--
-- Variables: LOG, the access log in combined log format; TAIL, whether to follow it as it grows; OUT, a folder.

CREATE TABLE access_log (
  client STRING,
  `time` TIMESTAMP_LTZ(3),
  `method` STRING,
  path STRING,
  status INT,
  `bytes` BIGINT,
  agent STRING,
  WATERMARK FOR `time` AS `time` - INTERVAL '10' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${LOG}',
  'format' = 'regex',
  'regex.pattern' = 'combined',
  'scan.tail' = '${TAIL}',
  'on-error' = 'broken_lines'
);

-- What can't be read is kept: the bytes, the reason, the place.
CREATE TABLE broken_lines (
  record STRING,
  reason STRING,
  split STRING,
  `offset` BIGINT,
  seen_at TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${OUT}/broken_lines', 'format' = 'json');

CREATE VIEW status_per_minute AS
SELECT window_start, window_end, window_time, status, COUNT(*) AS requests, SUM(`bytes`) AS bytes_sent
FROM TABLE(TUMBLE(TABLE access_log, DESCRIPTOR(`time`), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, window_time, status;

CREATE VIEW error_rate AS
SELECT window_start,
       COUNT(*) AS requests,
       COUNT(*) FILTER (WHERE status >= 500) AS server_errors,
       ROUND(100.0 * COUNT(*) FILTER (WHERE status >= 500) / COUNT(*), 2) AS percent_5xx
FROM TABLE(TUMBLE(TABLE access_log, DESCRIPTOR(`time`), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;

CREATE VIEW top_urls AS
SELECT window_start, place, path, requests
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY requests DESC, path) AS place
  FROM (
    SELECT window_start, window_end, path, COUNT(*) AS requests
    FROM TABLE(TUMBLE(TABLE access_log, DESCRIPTOR(`time`), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end, path
  )
)
WHERE place <= 10;

CREATE VIEW alerts AS
SELECT window_start, client, COUNT(*) AS errors, MIN(status) AS lowest_status, MAX(status) AS highest_status
FROM TABLE(TUMBLE(TABLE access_log, DESCRIPTOR(`time`), INTERVAL '1' MINUTE))
WHERE status >= 400
GROUP BY window_start, window_end, client
HAVING COUNT(*) > 10;

-- The results as JSON files …
CREATE TABLE status_json (window_start TIMESTAMP(3), status INT, requests BIGINT, bytes_sent BIGINT)
WITH ('connector' = 'filesystem', 'path' = '${OUT}/status', 'format' = 'json');
CREATE TABLE error_rate_json (window_start TIMESTAMP(3), requests BIGINT, server_errors BIGINT, percent_5xx DECIMAL(10, 2))
WITH ('connector' = 'filesystem', 'path' = '${OUT}/error_rate', 'format' = 'json');
CREATE TABLE top_urls_json (window_start TIMESTAMP(3), place BIGINT, path STRING, requests BIGINT)
WITH ('connector' = 'filesystem', 'path' = '${OUT}/top_urls', 'format' = 'json');
CREATE TABLE alerts_json (window_start TIMESTAMP(3), client STRING, errors BIGINT, lowest_status INT, highest_status INT)
WITH ('connector' = 'filesystem', 'path' = '${OUT}/alerts', 'format' = 'json');

-- … and on the console.
CREATE TABLE status_console (window_start TIMESTAMP(3), status INT, requests BIGINT, bytes_sent BIGINT)
WITH ('connector' = 'print', 'print-identifier' = 'status', 'sink.parallelism' = '1');
CREATE TABLE error_rate_console (window_start TIMESTAMP(3), requests BIGINT, server_errors BIGINT, percent_5xx DECIMAL(10, 2))
WITH ('connector' = 'print', 'print-identifier' = '5xx rate', 'sink.parallelism' = '1');
CREATE TABLE top_urls_console (window_start TIMESTAMP(3), place BIGINT, path STRING, requests BIGINT)
WITH ('connector' = 'print', 'print-identifier' = 'top urls', 'sink.parallelism' = '1');
CREATE TABLE alerts_console (window_start TIMESTAMP(3), client STRING, errors BIGINT, lowest_status INT, highest_status INT)
WITH ('connector' = 'print', 'print-identifier' = 'ALERT', 'sink.parallelism' = '1');

EXECUTE STATEMENT SET BEGIN
  INSERT INTO status_json SELECT window_start, status, requests, bytes_sent FROM status_per_minute;
  INSERT INTO error_rate_json SELECT * FROM error_rate;
  INSERT INTO top_urls_json SELECT * FROM top_urls;
  INSERT INTO alerts_json SELECT * FROM alerts;
  INSERT INTO status_console SELECT window_start, status, requests, bytes_sent FROM status_per_minute;
  INSERT INTO error_rate_console SELECT * FROM error_rate;
  INSERT INTO top_urls_console SELECT * FROM top_urls;
  INSERT INTO alerts_console SELECT * FROM alerts;
END;

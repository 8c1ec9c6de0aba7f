-- What CSV writes of texts that need quotes.
CREATE TABLE o (a INT, b STRING, c STRING, d DOUBLE, e DECIMAL(6, 2), f TIMESTAMP(3), g BOOLEAN, h DATE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'csv');
CREATE TABLE r (line STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'raw');
INSERT INTO o VALUES (1, 'x,y', 'say "hi"', 1.5, 2.50, TIMESTAMP '2024-01-01 00:00:00', TRUE, DATE '2024-01-01'), (2, '', CAST(NULL AS STRING), CAST(NULL AS DOUBLE), -0.01, TIMESTAMP '2024-01-01 10:00:00.120', FALSE, CAST(NULL AS DATE)), (3, ' sp ', 'a''b', 1e20, 100, TIMESTAMP '1969-12-31 23:59:59.999', CAST(NULL AS BOOLEAN), DATE '1900-01-01');
SELECT line FROM r;

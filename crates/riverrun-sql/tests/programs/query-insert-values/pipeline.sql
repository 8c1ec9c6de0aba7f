-- Insert values.
CREATE TABLE s (a INT, b STRING, c DECIMAL(10, 2), d TIMESTAMP(3), e BIGINT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO s VALUES (1, 'x', 1.5, TIMESTAMP '2024-01-01 00:00:00', 5), (2, CAST(NULL AS STRING), 2, TIMESTAMP '2024-01-01 00:00:00.5', 6);
SELECT * FROM s;

-- INSERT casts safely widening types by itself.
CREATE TABLE o (a BIGINT, b DOUBLE, c DECIMAL(12, 4), d STRING, e TIMESTAMP(6), f VARCHAR(10)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o SELECT CAST(1 AS TINYINT), CAST(2.5 AS FLOAT), CAST(3.25 AS DECIMAL(5, 2)), CAST('abc' AS CHAR(5)), TIMESTAMP '2024-01-01 00:00:00.123', 'short';
SELECT * FROM o;

-- What JSON writes of each type.
CREATE TABLE o (a INT, b STRING, c DECIMAL(6, 2), d DOUBLE, e TIMESTAMP(3), f TIMESTAMP_LTZ(3), g DATE, h TIME, i BYTES, j ARRAY<INT>, k MAP<STRING, INT>, l ROW<x INT, y STRING>, m BOOLEAN) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
CREATE TABLE r (line STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'raw');
INSERT INTO o SELECT 1, 'q"\u00fc', 1.50, 1e10, TIMESTAMP '2024-01-01 00:00:00', TO_TIMESTAMP_LTZ(1704067200500, 3), DATE '2024-01-01', TIME '01:02:03', X'6162', ARRAY[1, CAST(NULL AS INT)], MAP['k', 1], ROW(1, 'x'), TRUE;
INSERT INTO o (a) VALUES (2);
SELECT line FROM r;

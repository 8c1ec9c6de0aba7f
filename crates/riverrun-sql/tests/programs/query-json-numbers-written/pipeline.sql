-- Decimals as plain numbers.
CREATE TABLE o (c DECIMAL(10, 7), d DECIMAL(18, 0), k MAP<STRING, INT>, e TIMESTAMP(3), f TIMESTAMP_LTZ(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601', 'json.encode.decimal-as-plain-number' = 'true');
CREATE TABLE r (line STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'raw');
INSERT INTO o SELECT 0.0000001, 1234567890123456, MAP['a', 1], TIMESTAMP '2024-01-01 00:00:00.5', TO_TIMESTAMP_LTZ(1704067200500, 3);
SELECT line FROM r;

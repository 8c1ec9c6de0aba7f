-- Delimiter, null-literal and quote character when written.
CREATE TABLE o (a INT, b STRING, c STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'csv', 'csv.field-delimiter' = '\t', 'csv.null-literal' = '\N', 'csv.quote-character' = '''');
CREATE TABLE r (line STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'raw');
INSERT INTO o VALUES (1, 'x y', CAST(NULL AS STRING)), (CAST(NULL AS INT), 'it''s', 'tab	inside');
SELECT line FROM r;

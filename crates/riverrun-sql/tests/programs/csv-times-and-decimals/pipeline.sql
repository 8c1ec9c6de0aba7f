-- Dates, times, timestamps, decimals, bytes, booleans in CSV.
CREATE TABLE a (d DATE, t TIME, ts TIMESTAMP(3), l TIMESTAMP_LTZ(3), n DECIMAL(5, 2), b BYTES, o BOOLEAN, f DOUBLE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv', 'csv.ignore-parse-errors' = 'true');
SELECT * FROM a;

-- Delimiter, quote, escape and NULL of CSV all set.
CREATE TABLE t (a STRING, b STRING, c INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.csv', 'format' = 'csv', 'csv.field-delimiter' = ';', 'csv.quote-character' = '''', 'csv.escape-character' = '\', 'csv.null-literal' = 'N/A');
SELECT * FROM t;

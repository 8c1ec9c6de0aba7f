-- null-literal, another quote character, semicolons.
CREATE TABLE a (id INT, s STRING, d DOUBLE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv', 'csv.field-delimiter' = ';', 'csv.quote-character' = '''', 'csv.null-literal' = 'n/a');
SELECT id, s, d FROM a;

-- disable-quote-character takes quotes for text.
CREATE TABLE a (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv', 'csv.disable-quote-character' = 'true');
SELECT * FROM a;

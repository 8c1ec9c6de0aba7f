-- A dynamic option within a view's query.
CREATE TABLE a (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv');
CREATE VIEW w AS SELECT * FROM a /*+ OPTIONS('csv.field-delimiter' = '|') */;
SELECT * FROM w AS q WHERE q.id > 1;

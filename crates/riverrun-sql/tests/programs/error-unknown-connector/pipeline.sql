-- An unknown connector, found by the query.
CREATE TABLE a (id INT) WITH ('connector' = 'kafkaesque');
SELECT * FROM a;

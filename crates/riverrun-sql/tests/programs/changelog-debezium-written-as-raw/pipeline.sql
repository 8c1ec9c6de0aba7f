-- What debezium-json writes of an updating query.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
CREATE TABLE o (cat STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'debezium-json');
CREATE TABLE back (cat STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'debezium-json');
INSERT INTO o SELECT cat, COUNT(*) FROM items GROUP BY cat;
SELECT * FROM back;

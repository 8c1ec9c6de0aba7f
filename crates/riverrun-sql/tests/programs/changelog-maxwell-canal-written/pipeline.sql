-- maxwell-json and canal-json written and read back.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
CREATE TABLE o (cat STRING, s DECIMAL(20, 2)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'canal-json');
INSERT INTO o SELECT cat, SUM(price) FROM items GROUP BY cat;
SELECT * FROM o;

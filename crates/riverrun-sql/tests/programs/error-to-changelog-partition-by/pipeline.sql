-- TO_CHANGELOG takes no PARTITION BY.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT * FROM TO_CHANGELOG(input => TABLE items PARTITION BY id);

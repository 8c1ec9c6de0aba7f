-- FIRST_VALUE, LAST_VALUE and LISTAGG as rows are taken back.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT FIRST_VALUE(price) AS f, LAST_VALUE(price) AS l, ARRAY_AGG(id) AS a, LISTAGG(cat) AS c FROM items;

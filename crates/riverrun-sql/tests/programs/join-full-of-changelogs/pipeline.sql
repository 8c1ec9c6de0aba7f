-- FULL JOIN of a changelog with new rows.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT i.id, i.cat, d.name FROM items AS i FULL JOIN dims AS d ON CASE WHEN d.k = 'a' THEN 'x' WHEN d.k = 'b' THEN 'y' ELSE 'q' END = i.cat;

CREATE TABLE o (id INT, cust STRING, prod STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'json');
CREATE TABLE p (oid INT, amount DECIMAL(10, 2), pts TIMESTAMP(3), WATERMARK FOR pts AS pts - INTERVAL '1' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/p.json', 'format' = 'json');
CREATE TABLE c (name STRING, city STRING, credit INT, uts TIMESTAMP(3), WATERMARK FOR uts AS uts, PRIMARY KEY (name) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/c.json', 'format' = 'debezium-json');

SELECT id0, cust0, prod FROM (SELECT * FROM o a JOIN o b ON a.id = b.id + 1);

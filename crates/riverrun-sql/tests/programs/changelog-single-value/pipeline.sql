CREATE TABLE acc (id INT, name STRING, bal INT, reg STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector'='filesystem','path'='${DIR}/acc.json','format'='debezium-json');
SELECT name, SINGLE_VALUE(bal) AS b FROM acc GROUP BY name;

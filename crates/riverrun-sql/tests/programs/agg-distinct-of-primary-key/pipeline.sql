CREATE TABLE pk (id INT, k STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector'='filesystem','path'='${DIR}/pk.json','format'='json');
SELECT DISTINCT k, id FROM pk;

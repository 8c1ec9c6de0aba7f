SET 'table.exec.sink.type-length-enforcer' = 'ERROR';
CREATE TABLE src (id INT, s STRING, c CHAR(2)) WITH ('connector'='filesystem','path'='${DIR}/in.json','format'='json');
CREATE TABLE o (id INT, v VARCHAR(3), c CHAR(5), d VARCHAR(7)) WITH ('connector'='filesystem','path'='${DIR}/o','format'='json');
INSERT INTO o SELECT id, s, c, c FROM src;
SELECT * FROM o;

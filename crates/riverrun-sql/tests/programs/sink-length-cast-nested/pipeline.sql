CREATE TABLE src (id INT, s STRING) WITH ('connector'='filesystem','path'='${DIR}/in.json','format'='json');
CREATE TABLE r (x ROW<a VARCHAR(2), b INT>, y ARRAY<VARCHAR(3)>) WITH ('connector'='filesystem','path'='${DIR}/r','format'='json');
INSERT INTO r SELECT ROW(s, id), ARRAY[s] FROM src;
SELECT * FROM r;

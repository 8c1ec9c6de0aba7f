-- LIKE says once what becomes of each part.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
CREATE TABLE u (z INT) LIKE t (EXCLUDING GENERATED INCLUDING GENERATED);
SELECT z FROM u;

-- Maps print in the order of a hash table of Java.
CREATE TABLE ev (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT MAP[2, 'a', 1, 'b', 17, 'c', 16, 'd'] AS m FROM ev WHERE id = 1;

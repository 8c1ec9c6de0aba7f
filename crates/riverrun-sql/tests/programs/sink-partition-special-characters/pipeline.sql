-- Partitions whose values need escaping.
CREATE TABLE o (id INT, p STRING) PARTITIONED BY (p) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o VALUES (1, 'a/b'), (2, 'x=y'), (3, 'ü n'), (4, 'a%b');
SELECT * FROM o;

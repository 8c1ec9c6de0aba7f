-- INSERT of VALUES without parentheses.
CREATE TABLE o (a INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o', 'format' = 'json');
INSERT INTO o VALUES 1, 2, (3);
SELECT * FROM o;

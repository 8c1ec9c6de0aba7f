-- INSERT INTO … VALUES with expressions and functions.
CREATE TABLE o (a INT, b STRING, c TIMESTAMP(3), d ARRAY<INT>, e MAP<STRING, INT>, f ROW<x INT, y STRING>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o VALUES (1 + 1, UPPER('x'), TO_TIMESTAMP('2024-01-01 10:00:00'), ARRAY[1, 2], MAP['k', 5], ROW(1, 'y'));
SELECT * FROM o;

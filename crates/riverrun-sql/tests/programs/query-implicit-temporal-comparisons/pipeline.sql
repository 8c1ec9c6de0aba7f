-- Texts compared with dates and times.
SELECT a, b, c > '2024-01-01' AS x, b = '2024-01-02 00:00:00' AS y, c BETWEEN '2024-01-01' AND '2024-12-31' AS z, d < '12:00:00' AS w FROM (VALUES (1, TIMESTAMP '2024-01-02 00:00:00', DATE '2024-01-02', TIME '11:00:00'), (2, TIMESTAMP '2023-01-02 00:00:00', DATE '2023-01-02', TIME '13:00:00')) AS t(a, b, c, d);

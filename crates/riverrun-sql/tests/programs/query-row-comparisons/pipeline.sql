-- Rows compared with rows, and IN of row values.
SELECT a, b FROM (VALUES (1, 'x'), (1, 'y'), (2, 'x'), (CAST(NULL AS INT), 'x')) AS t(a, b) WHERE (a, b) IN ((1, 'x'), (2, 'x'), (3, 'z'));

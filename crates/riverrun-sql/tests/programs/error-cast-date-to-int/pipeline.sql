-- A cast that doesn't exist.
SELECT CAST(d AS INT) FROM (VALUES (DATE '2024-01-01')) AS t(d);

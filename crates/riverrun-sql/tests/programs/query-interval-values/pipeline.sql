-- Intervals as values, compared, summed up and multiplied.
SELECT i, i + INTERVAL '1' HOUR AS p, i * 2 AS m2, i > INTERVAL '1' DAY AS g, CAST(i AS STRING) AS s, (DATE '2024-01-01' + i) AS d FROM (VALUES (INTERVAL '1' DAY), (INTERVAL '25' HOUR), (INTERVAL '-1' DAY)) AS t(i);

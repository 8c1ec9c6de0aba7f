-- A day and 24 hours over the change of local time.
SET 'table.local-time-zone' = 'Europe/Berlin';
SELECT CAST(l + INTERVAL '1' DAY AS STRING) AS d, CAST(l + INTERVAL '24' HOUR AS STRING) AS h, CAST(l + INTERVAL '1' MONTH AS STRING) AS m, TIMESTAMPDIFF(HOUR, l, l + INTERVAL '1' DAY) AS diff, FLOOR(l TO DAY) AS fd FROM (SELECT TO_TIMESTAMP_LTZ(1711760400, 0) AS l);

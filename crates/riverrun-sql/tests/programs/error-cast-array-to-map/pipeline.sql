-- A cast between an array and a map.
SELECT CAST(ARRAY[1] AS MAP<INT, INT>);

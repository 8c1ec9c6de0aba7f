-- A text that is no number.
SELECT CAST(s AS INT) AS i FROM (VALUES ('1'), ('one')) AS t(s);

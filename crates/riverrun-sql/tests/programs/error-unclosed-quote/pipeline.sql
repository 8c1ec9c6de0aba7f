-- A text that doesn't end.
SELECT 'abc FROM t;

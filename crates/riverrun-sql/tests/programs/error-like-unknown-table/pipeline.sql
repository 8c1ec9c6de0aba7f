-- LIKE of an unknown table.
CREATE TABLE a LIKE nothing;
SELECT 1;

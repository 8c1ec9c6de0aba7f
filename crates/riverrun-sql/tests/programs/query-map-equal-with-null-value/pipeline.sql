-- A map with a NULL value equals none by =.
CREATE TABLE cp (id INT, a ARRAY<INT>, b ARRAY<INT>, m MAP<STRING,INT>, n MAP<STRING,INT>, r ROW<x ARRAY<INT>, y STRING>, s ROW<x ARRAY<INT>, y STRING>) WITH ('connector'='filesystem','path'='${DIR}/cp.json','format'='json');
SELECT id, m = n AS eq, m <> n AS ne FROM cp;

-- Rows in columns are values: their NULL fields equal each other.
CREATE TABLE rc (id INT, r ROW<a INT, b STRING>, s ROW<a INT, b STRING>, a ARRAY<INT>, b ARRAY<INT>, u ARRAY<ROW<v INT>>, w ARRAY<ROW<v INT>>) WITH ('connector'='filesystem','path'='${DIR}/rc.json','format'='json');
SELECT id FROM rc WHERE r = s;

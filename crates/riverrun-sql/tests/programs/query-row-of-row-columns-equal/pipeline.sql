-- Rows made by ROW are equal field by field; a field that is a row is a value.
CREATE TABLE rc (id INT, r ROW<a INT, b STRING>, s ROW<a INT, b STRING>, a ARRAY<INT>, b ARRAY<INT>, u ARRAY<ROW<v INT>>, w ARRAY<ROW<v INT>>) WITH ('connector'='filesystem','path'='${DIR}/rc.json','format'='json');
SELECT id, ROW(id, r) = ROW(id, s) AS c FROM rc;

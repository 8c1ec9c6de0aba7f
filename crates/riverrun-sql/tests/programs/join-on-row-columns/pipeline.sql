-- A join on rows in columns.
CREATE TABLE rc (id INT, r ROW<a INT, b STRING>, s ROW<a INT, b STRING>) WITH ('connector'='filesystem','path'='${DIR}/rc.json','format'='json');
SELECT x.id, y.id AS yid FROM rc AS x JOIN rc AS y ON x.r = y.s;

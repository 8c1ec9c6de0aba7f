CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT id, U&'\263A' AS a, u&'\263a' AS b, U&'#263A \' UESCAPE '#' AS c, U&'it''s \\ \0041' AS d, U&'##\#0041'
'#0042'
UESCAPE '#' AS f
FROM ev WHERE k = U&'!0061' UESCAPE '!' OR k IN (U&'\0062');

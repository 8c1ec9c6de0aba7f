CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
-- Strings that go on in the next line, also behind comments; a quote is written twice in each.
SELECT id, 'a'
'b' AS two, 'x' -- and
   /* so */ 'it''s'   // on
'.' AS three, x'01'
'ab' AS bts, JSON_VALUE('{"a":'
'1}', '$.'
'a') AS j
FROM ev WHERE k LIKE 'a'
'%' AND g NOT IN ('q'
'r', 'z');

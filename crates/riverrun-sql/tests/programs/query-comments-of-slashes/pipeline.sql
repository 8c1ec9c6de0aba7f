CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
// It's a comment; `and this
SELECT id, // the id, 'it's
  q//2 is no division
  , '// no comment' AS `a//b`, q / 2 /* // */ AS h // -- /*
FROM ev /*+ OPTIONS('json.ignore-parse-errors'='true') */ // */
WHERE id < 4 // the end

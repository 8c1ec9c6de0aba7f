-- The same as a condition: rows that find nothing stay.
CREATE TABLE o (id INT, k STRING, v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'json');
CREATE TABLE s (oid INT, k STRING, q INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/s.json', 'format' = 'json');
SELECT id FROM o WHERE (SELECT CAST(COUNT(*) AS INT) FROM s WHERE s.oid = o.id) = 0 AND (SELECT MAX(q) IS NULL FROM s WHERE s.oid = o.id)
  AND (SELECT COALESCE(MAX(q), -1) FROM s WHERE s.oid = o.id) < 0;

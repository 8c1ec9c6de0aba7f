-- OPTIONS stands behind a table's name, not behind its alias.
CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT q.id FROM t AS q /*+ OPTIONS('json.ignore-parse-errors' = 'true') */;

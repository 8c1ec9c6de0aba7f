-- OPTIONS behind the name of a view.
CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE VIEW v AS SELECT id FROM t;
SELECT id FROM v /*+ OPTIONS('json.ignore-parse-errors' = 'true') */ AS q;

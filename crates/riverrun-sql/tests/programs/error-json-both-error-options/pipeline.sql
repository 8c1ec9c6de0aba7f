-- Two options that contradict each other.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t', 'format' = 'json', 'json.ignore-parse-errors' = 'true', 'json.fail-on-missing-field' = 'true');
SELECT * FROM t;

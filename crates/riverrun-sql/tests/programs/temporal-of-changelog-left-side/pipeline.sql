-- A temporal join whose left side changes.
CREATE TABLE o (id INT, k STRING, t TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR t AS t) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'debezium-json');
CREATE TABLE v (k STRING, p INT, ct TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ct AS ct) WITH ('connector' = 'filesystem', 'path' = '${DIR}/v.json', 'format' = 'json');
SELECT o.id, o.k, v.p FROM o JOIN v FOR SYSTEM_TIME AS OF o.t AS v ON o.k = v.k;

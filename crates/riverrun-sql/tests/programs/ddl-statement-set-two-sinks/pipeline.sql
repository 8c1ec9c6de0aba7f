-- One statement set writes two tables from one view.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW big AS SELECT id, k, v FROM plain WHERE v >= 10;
CREATE TABLE o1 (id INT, k STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o1', 'format' = 'json');
CREATE TABLE o2 (v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o2', 'format' = 'csv');
EXECUTE STATEMENT SET BEGIN INSERT INTO o1 SELECT id, k FROM big; INSERT INTO o2 SELECT v FROM big; END;
SELECT CAST(id AS STRING) AS x, k FROM o1 UNION ALL SELECT CAST(v AS STRING), 'v' FROM o2;

-- Columns that * leaves out.
CREATE TABLE ev (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SET 'table.column-expansion-strategy'='EXCLUDE_DEFAULT_VIRTUAL_METADATA_COLUMNS';
CREATE TABLE x (id INT, f STRING METADATA FROM 'file.name' VIRTUAL, `file.size` BIGINT METADATA VIRTUAL) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT * FROM x WHERE id = 1;

-- Columns that * leaves out.
CREATE TABLE x (id INT, f STRING METADATA FROM 'file.name' VIRTUAL, `file.size` BIGINT METADATA VIRTUAL, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SET 'table.column-expansion-strategy'='EXCLUDE_DEFAULT_VIRTUAL_METADATA_COLUMNS;EXCLUDE_ALIASED_VIRTUAL_METADATA_COLUMNS';
SELECT * FROM TABLE(TUMBLE(TABLE x, DESCRIPTOR(ts), INTERVAL '10' SECOND)) WHERE id < 3;

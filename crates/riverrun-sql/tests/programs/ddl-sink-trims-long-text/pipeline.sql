-- table.exec.sink.type-length-enforcer cuts and pads.
CREATE TABLE o (a CHAR(3), b VARCHAR(3), c CHAR(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
SET 'table.exec.sink.type-length-enforcer' = 'TRIM_PAD';
INSERT INTO o SELECT CAST('abcdef' AS CHAR(3)), CAST('abcdef' AS VARCHAR(3)), CAST('x' AS CHAR(3));
SELECT a, b, c, CHAR_LENGTH(c) AS n FROM o;

-- Texts and bytes cut and padded to the length of a sink's columns.
SET 'table.exec.sink.type-length-enforcer' = 'TRIM_PAD';
CREATE TABLE o (a VARCHAR(3), b CHAR(5), c BINARY(2), d VARBINARY(1)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o VALUES ('abcdef', 'ab', x'01', x'0102'), ('a', 'abcdefg', x'010203', x'01');
SELECT a, CHAR_LENGTH(b) AS l, c, d FROM o;

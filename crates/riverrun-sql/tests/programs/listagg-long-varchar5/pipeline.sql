CREATE TABLE typ (
  id INT NOT NULL, ti TINYINT, si SMALLINT, bi BIGINT, f FLOAT, d DOUBLE, dec1 DECIMAL(10, 2), dec2 DECIMAL(20, 5), c3 CHAR(3), v5 VARCHAR(5), s STRING, b BOOLEAN, dt DATE, tm TIME, t3 TIMESTAMP(3), t6 TIMESTAMP(6), l3 TIMESTAMP_LTZ(3), nnv VARCHAR(4) NOT NULL
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/typ.json', 'format' = 'json');
SELECT LISTAGG(v5, '--') l, CHAR_LENGTH(LISTAGG(v5, '--')) n FROM typ;

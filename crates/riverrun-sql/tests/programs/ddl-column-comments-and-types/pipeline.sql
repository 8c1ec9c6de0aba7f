-- All ways to write types.
CREATE TABLE a (
  a INTEGER COMMENT 'an int', b BIGINT NOT NULL COMMENT 'it''s', c DEC(5, 3), d CHARACTER VARYING(5), e TIMESTAMP WITHOUT TIME ZONE, f TIME WITHOUT TIME ZONE, g BOOLEAN, h DOUBLE PRECISION, i VARBINARY(10), j INT ARRAY, k MAP<STRING, INT>, l ROW<p INT 'a comment', q STRING>, m TIMESTAMP(3) WITH LOCAL TIME ZONE, n NUMERIC(4), o REAL) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
SELECT * FROM a;

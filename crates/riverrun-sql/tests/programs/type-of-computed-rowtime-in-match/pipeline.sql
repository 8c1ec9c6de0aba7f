-- What MEASURES computes of an event time is shown as one, as elsewhere.
CREATE TABLE t (
  id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT * FROM t MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts
  MEASURES
    A.ts AS m1, B.ts + INTERVAL '1' SECOND AS m2, MAX(A.ts) AS m3, MATCH_ROWTIME() AS m4, COALESCE(A.ts, B.ts) AS m5,
    MATCH_ROWTIME() + INTERVAL '1' SECOND AS m6, FLOOR(A.ts TO MINUTE) AS m7, CAST(A.ts AS TIMESTAMP(3)) AS m8, COUNT(A.ts) AS m9,
    MAX(A.ts) - INTERVAL '1' MINUTE AS m10, MIN(CAST(B.ts AS TIMESTAMP(3))) AS m11, FIRST(A.ts, 1) AS m12, LAST_VALUE(B.ts) AS m13
  PATTERN (A B)
  DEFINE A AS A.v >= 0
);

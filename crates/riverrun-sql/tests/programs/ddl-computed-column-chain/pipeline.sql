-- Computed columns of physical ones, with functions, used in a watermark.
CREATE TABLE e (
  id INT, ms BIGINT, p STRING, q INT,
  ts AS COALESCE(TO_TIMESTAMP_LTZ(ms, 3), TO_TIMESTAMP_LTZ(0, 3)),
  pn AS TRY_CAST(p AS INT),
  twice AS q * 2,
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT * FROM e;

CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT {fn UCASE(k)} AS a, {fn LCASE({fn UCASE(k)})} AS b, {fn LENGTH(k)} AS c, {fn INSERT('abcd', 2, 1, k)} AS d, {fn CONCAT(k, k)} AS e, {fn IFNULL(k, 'n')} AS f, {fn TIMESTAMPADD(SECOND, 1, ts)} AS g, {fn DAYOFMONTH(ts)} AS h, {fn LOG(2)} AS i, {d '2024-01-02'} AS j, {t '01:02:03'} AS k1, {ts '2024-01-02 03:04:05'} AS l FROM ev WHERE id < 5;

-- q6: average of a seller's last ten closing prices (OVER an updating Top-1; beyond Flink)
CREATE TABLE results (seller BIGINT, average BIGINT)
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT seller, AVG(final) OVER (PARTITION BY seller ORDER BY `dateTime` ROWS BETWEEN 9 PRECEDING AND CURRENT ROW)
FROM (
  SELECT seller, price AS final, `dateTime`
  FROM (
    SELECT a.id, a.seller, b.price, b.`dateTime`,
      ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.`dateTime`) AS place
    FROM auction AS a, bid AS b
    WHERE a.id = b.auction AND b.`dateTime` BETWEEN a.`dateTime` AND a.expires
  ) WHERE place <= 1
);

-- q9: the winning bid of each auction (join, Top-1)
CREATE TABLE results (id BIGINT, `itemName` STRING, seller BIGINT, expires TIMESTAMP(3), auction BIGINT, bidder BIGINT, price BIGINT, bid_time TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT id, `itemName`, seller, expires, auction, bidder, price, bid_time
FROM (
  SELECT a.id, a.`itemName`, a.seller, a.expires, b.auction, b.bidder, b.price, b.`dateTime` AS bid_time,
    ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.`dateTime`) AS place
  FROM auction AS a, bid AS b
  WHERE a.id = b.auction AND b.`dateTime` BETWEEN a.`dateTime` AND a.expires
) WHERE place <= 1;

-- q19: the ten highest bids of each auction (Top-N)
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING, place BIGINT, PRIMARY KEY (auction, place) NOT ENFORCED)
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT auction, bidder, price, channel, url, `dateTime`, extra, place
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS place FROM bid
) WHERE place <= 10;

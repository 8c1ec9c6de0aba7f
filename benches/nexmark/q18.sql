-- q18: a bidder's last bid on each auction (deduplication)
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING, PRIMARY KEY (bidder, auction) NOT ENFORCED)
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT auction, bidder, price, channel, url, `dateTime`, extra
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY `dateTime` DESC) AS place FROM bid
) WHERE place <= 1;

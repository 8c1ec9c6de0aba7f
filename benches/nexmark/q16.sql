-- q16: the same per channel (distinct counts of more keys)
CREATE TABLE results (channel STRING, `day` STRING, `minute` STRING, total BIGINT, rank1 BIGINT, rank2 BIGINT, rank3 BIGINT, bidders BIGINT, bidders1 BIGINT, bidders2 BIGINT, bidders3 BIGINT, auctions BIGINT, auctions1 BIGINT, auctions2 BIGINT, auctions3 BIGINT, PRIMARY KEY (channel, `day`) NOT ENFORCED)
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT channel, DATE_FORMAT(`dateTime`, 'yyyy-MM-dd'), MAX(DATE_FORMAT(`dateTime`, 'HH:mm')), COUNT(*), COUNT(*) FILTER (WHERE price < 10000),
  COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000),
  COUNT(*) FILTER (WHERE price >= 1000000),
  COUNT(DISTINCT bidder),
  COUNT(DISTINCT bidder) FILTER (WHERE price < 10000),
  COUNT(DISTINCT bidder) FILTER (WHERE price >= 10000 AND price < 1000000),
  COUNT(DISTINCT bidder) FILTER (WHERE price >= 1000000),
  COUNT(DISTINCT auction),
  COUNT(DISTINCT auction) FILTER (WHERE price < 10000),
  COUNT(DISTINCT auction) FILTER (WHERE price >= 10000 AND price < 1000000),
  COUNT(DISTINCT auction) FILTER (WHERE price >= 1000000)
FROM bid GROUP BY channel, DATE_FORMAT(`dateTime`, 'yyyy-MM-dd');

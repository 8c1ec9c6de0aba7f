-- q20: bids on auctions of category 10 (join that widens rows)
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, bid_time TIMESTAMP(3), `itemName` STRING, description STRING, `initialBid` BIGINT, reserve BIGINT, auction_time TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT)
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT b.auction, b.bidder, b.price, b.channel, b.url, b.`dateTime`,
  a.`itemName`, a.description, a.`initialBid`, a.reserve, a.`dateTime`, a.expires, a.seller, a.category
FROM bid AS b INNER JOIN auction AS a ON b.auction = a.id
WHERE a.category = 10;

-- q23: bids with their auction and its seller (join of three streams)
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, bid_time TIMESTAMP(3), `itemName` STRING, category BIGINT, seller BIGINT, name STRING, city STRING, state STRING)
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT b.auction, b.bidder, b.price, b.`dateTime`, a.`itemName`, a.category, a.seller, p.name, p.city, p.state
FROM bid AS b
JOIN auction AS a ON b.auction = a.id
JOIN person AS p ON a.seller = p.id;

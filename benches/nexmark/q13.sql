-- q13: bids with the value of a bounded side table (lookup join)
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), `value` STRING)
WITH ('connector' = 'blackhole');
CREATE VIEW timed_bid AS SELECT *, PROCTIME() AS clock FROM bid;
CREATE TABLE side_input (`key` BIGINT, `value` STRING) WITH ('connector' = 'filesystem', 'path' = '${WORK}/side_input.csv', 'format' = 'csv');
INSERT INTO results
SELECT b.auction, b.bidder, b.price, b.`dateTime`, s.`value`
FROM (SELECT *, MOD(auction, 10000) AS side_key FROM timed_bid) AS b
JOIN side_input FOR SYSTEM_TIME AS OF b.clock AS s ON b.side_key = s.`key`;

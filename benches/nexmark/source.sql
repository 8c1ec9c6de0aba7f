-- source: the events of all kinds read and thrown away, with the columns of q0 (what the others are measured against)
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra STRING)
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT bid.auction, bid.bidder, bid.price, `dateTime`, bid.extra FROM nexmark;

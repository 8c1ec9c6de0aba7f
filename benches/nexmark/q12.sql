-- q12: bids per bidder and ten seconds of the clock (processing-time windows)
CREATE TABLE results (bidder BIGINT, bids BIGINT, starts TIMESTAMP(3), ends TIMESTAMP(3))
WITH ('connector' = 'blackhole');
CREATE VIEW timed_bid AS SELECT *, PROCTIME() AS clock FROM bid;
INSERT INTO results
SELECT bidder, COUNT(*), window_start, window_end
FROM TABLE(TUMBLE(TABLE timed_bid, DESCRIPTOR(clock), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end;

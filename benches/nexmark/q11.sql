-- q11: bids per bidder and session (session windows)
CREATE TABLE results (bidder BIGINT, bids BIGINT, starts TIMESTAMP(3), ends TIMESTAMP(3))
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT bidder, COUNT(*), window_start, window_end
FROM TABLE(SESSION(TABLE bid PARTITION BY bidder, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end;

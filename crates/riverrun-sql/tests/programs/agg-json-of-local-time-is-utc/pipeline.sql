-- JSON shows instants in UTC, whatever the session's time zone.
SET 'table.local-time-zone' = 'Europe/Berlin';
SELECT JSON_OBJECTAGG(KEY k VALUE v) a, JSON_ARRAYAGG(v) b FROM (VALUES ('x', TO_TIMESTAMP_LTZ(0, 3))) AS t(k, v);

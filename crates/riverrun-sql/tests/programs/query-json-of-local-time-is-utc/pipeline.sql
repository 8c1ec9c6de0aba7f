-- JSON shows instants in UTC, whatever the session's time zone.
SET 'table.local-time-zone' = 'Europe/Berlin';
SELECT JSON_OBJECT('x' VALUE v) a, JSON_ARRAY(v) b, JSON_STRING(v) c FROM (VALUES ('x', TO_TIMESTAMP_LTZ(0, 3))) AS t(k, v);

-- Arrays of maps of rows, maps of arrays.
CREATE TABLE a (a ARRAY<MAP<STRING, ROW<n INT, l ARRAY<BIGINT>>>>, m MAP<STRING, ARRAY<ARRAY<STRING>>>, r ROW<s ROW<t ROW<u STRING>>>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
SELECT a, m, a[1]['x'].l[2] AS l2, m['p'][1][1] AS u, r.s.t.u AS deep FROM a;

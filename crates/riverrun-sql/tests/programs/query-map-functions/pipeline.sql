-- Functions of maps.
SELECT MAP_ENTRIES(m) AS e, MAP_UNION(m, MAP['z', 9]) AS u, MAP_FROM_ARRAYS(ARRAY['a'], ARRAY[1]) AS f, m['a'] AS a, CARDINALITY(m) AS n, STR_TO_MAP('k1=v1,k2=v2') AS s FROM (VALUES (MAP['a', 1])) AS t(m);

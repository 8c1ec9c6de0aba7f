-- Maps of JSON give their entries in the order of a hash table, as do those of STR_TO_MAP.
CREATE TABLE m (id INT, tags MAP<STRING, INT>, counts MULTISET<STRING>) WITH ('connector'='filesystem','path'='${DIR}/m.json','format'='json');
SELECT id, MAP_KEYS(tags) AS k, MAP_VALUES(tags) AS v, MAP_ENTRIES(tags) AS e, CAST(tags AS STRING) AS t, tags AS tags,
  MAP_KEYS(STR_TO_MAP('zz=1,b=2,a=3,k10=4,name=x,b=9')) AS s FROM m;

-- Left unnest map.
CREATE TABLE people (
  id INT,
  who ROW<name STRING, address ROW<city STRING, zip STRING>>,
  tags ARRAY<STRING>,
  props MAP<STRING, STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/people.json', 'format' = 'json');
SELECT id, k, v FROM people LEFT JOIN UNNEST(props) AS m (k, v) ON TRUE;

-- Constructed values.
CREATE TABLE people (
  id INT,
  who ROW<name STRING, address ROW<city STRING, zip STRING>>,
  tags ARRAY<STRING>,
  props MAP<STRING, STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/people.json', 'format' = 'json');
SELECT id, ROW(id, who.name) AS r, MAP['a', id] AS m, ARRAY[id, id + 1] AS a FROM people;

-- Nested rows through subquery.
CREATE TABLE people (
  id INT,
  who ROW<name STRING, address ROW<city STRING, zip STRING>>,
  tags ARRAY<STRING>,
  props MAP<STRING, STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/people.json', 'format' = 'json');
SELECT name, city FROM (SELECT who.name AS name, who.address.city AS city FROM people);

-- Unnest with ordinality.
CREATE TABLE people (
  id INT,
  who ROW<name STRING, address ROW<city STRING, zip STRING>>,
  tags ARRAY<STRING>,
  props MAP<STRING, STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/people.json', 'format' = 'json');
SELECT id, tag, pos FROM people CROSS JOIN UNNEST(tags) WITH ORDINALITY AS t (tag, pos);

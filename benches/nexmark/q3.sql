-- q3: who sells in category 10 in three states (join of two streams)
CREATE TABLE results (name STRING, city STRING, state STRING, id BIGINT)
WITH ('connector' = 'blackhole');
INSERT INTO results
SELECT p.name, p.city, p.state, a.id
FROM auction AS a INNER JOIN person AS p ON a.seller = p.id
WHERE a.category = 10 AND (p.state = 'OR' OR p.state = 'ID' OR p.state = 'CA');

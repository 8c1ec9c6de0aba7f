-- LIKE takes generated columns and the key, with another path.
CREATE TABLE a (id INT NOT NULL, v INT, w AS v + 1, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nowhere.json', 'format' = 'json');
CREATE TABLE b WITH ('path' = '${DIR}/a.json') LIKE a (INCLUDING ALL OVERWRITING OPTIONS);
SELECT * FROM b;

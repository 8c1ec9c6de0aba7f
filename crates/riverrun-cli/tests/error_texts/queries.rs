//! Queries: joins, windows, patterns, and clauses that Flink SQL has not.

use super::*;

#[test]
fn queries() {
    refused_statements(
        "
SELECT *;
  2:8 SELECT * without FROM
SELECT id FROM t HAVING id > 1;
  2:25 HAVING without GROUP BY or an aggregate
SELECT id FROM t WHERE id;
  2:24 WHERE takes a condition, not INT
  help: a condition is BOOLEAN: compare the value with something
SELECT t.id FROM t JOIN t ON t.id = t.id;
  2:32 't' names several tables
  help: give each an alias of its own
SELECT *, COUNT(*) FROM t GROUP BY 1;
  2:36 a position in GROUP BY can't mean *
SELECT id, GROUPING(name) FROM t GROUP BY id;
  2:21 GROUPING takes group keys, not name
SELECT DISTINCT id FROM t ORDER BY name;
  2:36 ORDER BY of SELECT DISTINCT takes columns that are selected
SELECT * FROM t LIMIT 'a';
  2:23 LIMIT takes a number of rows, not 'a'
SELECT id FROM t UNION BY NAME SELECT id FROM u;
  2:32 UNION BY NAME is not supported yet
(INSERT INTO sink SELECT 1, 'a');
  2:2 a query was expected here
VALUES (1, 2), (3);
  2:17 a row of VALUES has 1 columns, the first one 2
SELECT name ~ 'a' FROM t;
  2:8 '~' is no operator of Flink SQL
SELECT SUM(id) OVER (ORDER BY ts GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t;
  2:31 GROUPS in an OVER clause is not supported yet
SELECT SUM(id) OVER (ORDER BY ts ROWS BETWEEN id PRECEDING AND CURRENT ROW) FROM t;
  2:47 ROWS … PRECEDING takes a constant number of rows, not id
SELECT SUM(id) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND CURRENT ROW) FROM t;
  2:57 RANGE … PRECEDING takes a constant interval of days to seconds, not INTERVAL '1' MONTH
  help: RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW
SELECT SUM(id) OVER (ORDER BY ts ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW) FROM t;
  2:31 a frame over a stream can't begin after the current row
SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MONTH));
  2:62 SIZE takes a constant interval of days to seconds, not INTERVAL '1' MONTH
  help: write it like INTERVAL '1' MINUTE
SELECT id FROM a.b.c.d;
  2:16 'a.b.c.d' is no name of a table: it has one to three parts
SELECT '${NAME' FROM t;
  2:9 the variable ${NAME has no closing }
  help: write ${NAME}
SELECT UPPER(name) OVER (ORDER BY ts) FROM t;
  2:8 UPPER is no function that OVER (…) can follow
  help: aggregate functions, LAG, ROW_NUMBER, RANK and DENSE_RANK are
SELECT id FROM t WHERE ROW_NUMBER() OVER (ORDER BY ts) = 1;
  2:24 ROW_NUMBER OVER (…) can't stand in WHERE
  help: select it in a subquery, or use QUALIFY
SELECT LAG(id, id) OVER (ORDER BY ts) FROM t;
  2:8 LAG takes a constant number of rows, not id
",
    );
}

#[test]
fn misspelt_keywords() {
    refused_statements(
        "
SELECT id FROM t GROUP BU id;
  2:18 expected the end of the statement, found 'GROUP'
  help: GROUP is followed by BY, not by `BU`
SELECT DISTINT id FROM t;
  2:8 no column 'DISTINT' here
  help: `DISTINT` looks like DISTINCT
SELECT t.id FROM t INER JOIN t AS u ON t.id = u.id;
  2:40 no table or column 't' here
  help: the table's alias `INER` looks like INNER
SELECT * FROM t CROS JOIN t AS u;
  2:27 the join has no condition
  help: the table's alias `CROS` looks like CROSS
SELECT t.id FROM t LEFT JION t AS u ON t.id = u.id;
  2:25 expected OUTER, SEMI, ANTI or JOIN after LEFT
  help: `JION` looks like JOIN
SELECT id FROM t UNON ALL SELECT 1;
  2:23 expected the end of the statement, found 'ALL'
  help: `UNON` looks like UNION
SELECT id FROM t HAVIN COUNT(*) > 1;
  2:24 expected the end of the statement, found 'COUNT'
  help: `HAVIN` looks like HAVING
SELECT * FROM TABEL(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
  2:15 there is no table function TABEL
  help: did you mean `TABLE`?
INSERT INT t SELECT 1, 'a';
  2:8 expected INTO, found 'INT'
  help: `INT` looks like INTO
CREATE TABLE x (a INT, PRIMARY KEYS (a) NOT ENFORCED) WITH ('connector' = 'print');
  2:32 expected KEY, found 'KEYS'
  help: `KEYS` looks like KEY
CREATE TABLE x (b INT) WITH ('connector' = 'print') LIKE t (OVERWRITING ALL);
  2:73 OVERWRITING ALL is not possible
  help: GENERATED, METADATA, OPTIONS and WATERMARKS can be overwritten
",
    );
}

#[test]
fn windows() {
    refused_statements(
        "
SELECT * FROM TABLE(TUMBLE(TABLE t, ts, INTERVAL '1' MINUTE));
  2:37 'ts' does not name the time column
  help: write DESCRIPTOR(column)
SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts, id), INTERVAL '1' MINUTE));
  2:37 TUMBLE takes one time column
SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts)));
  2:21 TUMBLE lacks its argument SIZE
  TUMBLE takes (DATA, TIMECOL, SIZE, OFFSET)
SELECT * FROM TABLE(TUMBLE(5, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
  2:28 '5' is no table
  help: write TABLE name, or a subquery in parentheses
SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' MINUTE, 5));
  2:95 TUMBLE has too many arguments
  TUMBLE takes (DATA, TIMECOL, SIZE, OFFSET)
SELECT * FROM TABLE(SESSION(TABLE t PARTITION BY id + 1, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
  2:50 PARTITION BY takes columns of the table, not id + 1
",
    );
}

#[test]
fn patterns() {
    refused_statements(
        "
SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY id + 1 ORDER BY ts MEASURES A.id AS x PATTERN (A) DEFINE A AS A.id > 1);
  2:47 PARTITION BY of MATCH_RECOGNIZE takes columns
  help: compute the value in a subquery before it
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x ALL ROWS PER MATCH WITH UNMATCHED ROWS PATTERN (A) DEFINE A AS A.id > 1);
  2:15 ALL ROWS PER MATCH WITH UNMATCHED ROWS is not supported yet
  help: ALL ROWS PER MATCH gives the rows of matches; join them with the input for the others
",
    );
}

#[test]
fn temporal_and_lookup_joins() {
    refused_statements(
        "
SELECT * FROM o JOIN d FOR SYSTEM_TIME AS OF o.pt ON o.id = d.id;
  2:22 a lookup join that reads a computed column of 'd' is not supported yet
  help: compute it in the query that joins
SELECT o.id FROM o JOIN d FOR SYSTEM_TIME AS OF o.pt ON o.id > d.id;
  2:25 a lookup join needs an equality with a column of 'd'
  help: rows are looked up by key: ON o.customer_id = c.id
SELECT o.id FROM o JOIN d FOR SYSTEM_TIME AS OF o.pt ON o.name = CAST(d.id AS STRING);
  2:25 a lookup join by an expression over 'd' is not supported yet
  help: cast the other side to the column's type
SELECT o.id FROM o JOIN dv FOR SYSTEM_TIME AS OF o.pt ON o.id = dv.id;
  2:25 a lookup join with expressions over 'd' is not supported yet
  help: compute them in the query that joins
SELECT t.id FROM t JOIN rates FOR SYSTEM_TIME AS OF t.ts ON t.name = rates.cur;
  2:25 the temporal join does not compare 'land', which is part of the key of 'rates'
  each row must find one version at the most
  help: add AND … = land to ON
",
    );
}

#[test]
fn joins_without_conditions_and_names_given_twice() {
    refused_statements(
        "
SELECT t.id FROM t LEFT JOIN u;
  2:30 the join has no condition
  help: write ON a.id = b.id or USING (id) behind it; CROSS JOIN makes all pairs of rows
SELECT t.id FROM t CROSS JOIN u ON t.id = u.id;
  2:33 expected the end of the statement, found 'ON'
SELECT 1 FROM t AS x, u AS x;
  2:23 two tables in FROM have the name 'x'
  help: give one of them another by AS
SELECT * FROM t JOIN (SELECT * FROM rates) FOR SYSTEM_TIME AS OF t.ts AS r ON t.name = r.cur;
  2:44 FOR SYSTEM_TIME AS OF stands behind the name of a table or view
  help: give the subquery a name by CREATE VIEW v AS …, and join v FOR SYSTEM_TIME AS OF …
",
    );
}

#[test]
fn clauses_of_other_dialects() {
    refused_statements(
        "
SELECT id FROM t GROUP BY ALL;
  2:27 GROUP BY ALL is not supported yet
  help: name the columns
SELECT DISTINCT ON (id) id FROM t;
  2:21 DISTINCT ON is no clause of Flink SQL
  help: QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY ts) = 1 keeps the first row of each a
SELECT id FROM t LATERAL VIEW EXPLODE(tags) x AS y;
  2:31 LATERAL VIEW is no clause of Flink SQL
  help: FROM t CROSS JOIN UNNEST(a) AS u (x)
SELECT id INTO x FROM t;
  2:16 SELECT INTO is no clause of Flink SQL
  help: INSERT INTO t SELECT …
SELECT TOP 5 id FROM t;
  2:1 TOP is no clause of Flink SQL
  help: LIMIT n behind the query takes its first rows
SELECT id FROM t WHERE name RLIKE 'a';
  2:35 RLIKE is no operator of Flink SQL
  help: REGEXP(s, 'pattern') is true where a part of s fits, SIMILAR TO where all of it does
SELECT id, ARRAY[] FROM t;
  2:12 ARRAY[] has no element, so its type is not known
  help: write CAST(NULL AS ARRAY<INT>), or whatever type is meant
SELECT id /* FROM t;
  2:11 a comment has no closing */
TABLE nope;
  2:7 there is no table or view 'nope'
INSERT INTO sink TABLE nope;
  2:24 there is no table or view 'nope'
",
    );
}

#[test]
fn patterns_that_can_not_be() {
    refused_statements(
        "
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A B $) DEFINE A AS A.id > 0);
  - the anchors ^ and $ in a pattern is not supported yet
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN () DEFINE A AS A.id > 0);
  2:65 the pattern is empty
  help: name the variables of DEFINE in their order: PATTERN (A B+ C)
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A{1000000000000} B) DEFINE A AS A.id > 0);
  2:76 '1000000000000' is no number of rows for a quantifier
  help: from 0 to 4294967295
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A B) SUBSET C = (A, B) DEFINE A AS A.id > 0);
  2:79 SUBSET of MATCH_RECOGNIZE is not supported yet
  help: name the variables themselves
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A B{1,2}) DEFINE A AS A.id > 0);
  - the pattern ends with a greedy quantifier, so that a match could always take one more row
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A B) WITHIN INTERVAL -'1' SECOND DEFINE A AS A.id > 0);
  - WITHIN takes no interval below 0
",
    );
}

#[test]
fn joins_that_there_are_not() {
    refused_statements(
        "
CREATE TABLE y (id INT, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'datagen'); SELECT t.id FROM t JOIN y FOR SYSTEM_TIME AS OF t.ts ON t.id = y.id;
  2:129 a temporal join by event time needs versions with a time, but 'y' has no time attribute
  help: declare WATERMARK FOR the column that says from when a row holds
SELECT t.id FROM t GLOBAL JOIN u ON t.id = u.id;
  2:32 'GLOBAL JOIN' is no join of Flink SQL
  help: leave GLOBAL out: every join is over all rows of both sides
SELECT t.id FROM t LEFT SEMI JOIN u ON t.id = u.id;
  2:35 'LEFT SEMI JOIN u ON t.id = u.id' is no join of Flink SQL
  help: INNER, LEFT, RIGHT, FULL and CROSS JOIN are; EXISTS and IN are semi joins
SELECT t.id FROM t JOIN UNNEST(t.tags) AS x (name) USING (name);
  2:25 UNNEST is joined ON a condition
  help: write ON TRUE for all elements
SELECT t.id FROM t LEFT JOIN UNNEST(t.tags) AS x (name) USING (name);
  2:30 UNNEST is joined ON a condition
  help: write ON TRUE for all elements
SELECT t.id FROM t RIGHT JOIN UNNEST(t.tags) AS x (name) ON TRUE;
  2:31 UNNEST of a row's collection can't come without the row
  a right join would give rows without it
  help: use CROSS JOIN or LEFT JOIN … ON TRUE
SELECT * FROM t CROSS JOIN UNNEST(t.id) AS x (a);
  2:35 UNNEST takes an array, a map or a multiset, not INT
SELECT * FROM t UNPIVOT (x FOR k IN (id, name));
  2:15 UNPIVOT is not supported yet
  help: CROSS JOIN UNNEST(ARRAY[ROW('a', a), ROW('b', b)]) AS u (name, x)
SELECT * FROM t PIVOT (SUM(id) FOR name IN ('a', 'b'));
  2:15 PIVOT is not supported yet
  help: one aggregate per value: SUM(x) FILTER (WHERE kind = 'a') AS a
SELECT t.id FROM t LEFT JOIN u ON t.id = u.id AND t.id IN (SELECT id FROM u);
  2:51 a subquery in ON of a left join over the side that is kept is not supported yet
  help: compute it in a subquery of FROM, and compare with its column
SELECT t.id FROM t JOIN LATERAL (SELECT id FROM u WHERE u.id = t.id) AS x USING (id);
  2:34 USING or NATURAL with LATERAL is not supported yet
  help: write ON
SELECT t.id FROM t RIGHT JOIN LATERAL (SELECT name AS n FROM u WHERE u.id = t.id) AS x ON TRUE;
  2:40 a right join with LATERAL
  a subquery that reads the row to its left has no rows without it
  help: use CROSS JOIN LATERAL or LEFT JOIN LATERAL … ON TRUE
SELECT (SELECT name FROM u WHERE u.id = t.id LIMIT 1) FROM t;
  2:9 LIMIT without ORDER BY in a subquery that reads the outer query's columns is not supported yet
  help: say with ORDER BY which of the rows are the first
SELECT (SELECT DISTINCT name FROM u WHERE u.id = t.id ORDER BY name LIMIT 1) FROM t;
  2:9 LIMIT behind SELECT DISTINCT in a subquery that reads the outer query's columns is not supported yet
  help: group by the columns instead
SELECT t.id, x.name FROM t, LATERAL (SELECT name FROM u WHERE u.id = t.id QUALIFY ROW_NUMBER() OVER (ORDER BY name) < 9 ORDER BY name LIMIT 1) AS x;
  2:38 LIMIT behind QUALIFY in a subquery that reads the outer query's columns is not supported yet
  help: rank in a subquery in FROM
SELECT t.id, x.name FROM t, LATERAL (SELECT * FROM u WHERE u.id = t.id ORDER BY 1 LIMIT 1) AS x;
  2:81 ORDER BY 1 counts columns of *
  help: name the column
SELECT a.id FROM t AS a JOIN (SELECT id, id FROM u) AS b ON a.id = b.id;
  2:70 column 'id' is ambiguous
  the table has two columns of this name
  help: give them different aliases where they are selected
SELECT t.id FROM t RIGHT JOIN rates FOR SYSTEM_TIME AS OF t.ts ON t.name = rates.cur;
  2:31 a right join with a table FOR SYSTEM_TIME AS OF
  versions are looked up for each row on the left: those that none asks for don't come out
  help: use JOIN or LEFT JOIN
SELECT t.id FROM t JOIN rates FOR SYSTEM_TIME AS OF t.id ON t.name = rates.cur;
  2:53 FOR SYSTEM_TIME AS OF takes a time attribute of the left side, not INT
  help: declare WATERMARK FOR the column in its table and pass it on unchanged, or use a column AS PROCTIME()
SELECT t.id FROM t JOIN u FOR SYSTEM_TIME AS OF t.ts ON t.id = u.id;
  2:25 a temporal join needs a versioned table, but 'u' has no primary key
  which rows are versions of one another is told by the key
  help: declare PRIMARY KEY (…) NOT ENFORCED in the table, or join a view that keeps the last row of each key: ROW_NUMBER() OVER (PARTITION BY key ORDER BY time DESC) … WHERE row_num = 1
",
    );
}

#[test]
fn hints() {
    refused_statements(
        "
SELECT /*+ LOOKUP('async' = 'true') */ o.id FROM o JOIN d FOR SYSTEM_TIME AS OF o.pt ON o.id = d.id;
  2:12 the hint LOOKUP names no table
  help: write it like /*+ LOOKUP('table' = 'customers', 'async' = 'true') */, with the table's alias if it has one
SELECT id FROM t /*+ OPTIONS('a' 'b') */;
  2:34 a hint is not written as it should be
  help: write it like /*+ OPTIONS('key' = 'value', …) */
SELECT id FROM t /*+ NOPE('a') */;
  2:22 a table takes the hint OPTIONS, not NOPE
  help: write it like t /*+ OPTIONS('key' = 'value') */; other hints stand after SELECT
SELECT /*+ LOOKUP('tabel' = 'd') */ o.id FROM o JOIN d FOR SYSTEM_TIME AS OF o.pt ON o.id = d.id;
  2:19 the hint LOOKUP has no 'tabel'
  help: did you mean `table`?
SELECT /*+ LOOKUP('table' = 'd', 'async' = 'x') */ o.id FROM o JOIN d FOR SYSTEM_TIME AS OF o.pt ON o.id = d.id;
  2:44 'async' of the hint LOOKUP takes true or false, not 'x'
SELECT /*+ STATE_TTL('t' = 'x') */ t.id FROM t JOIN u ON t.id = u.id;
  2:28 STATE_TTL of 't' takes a duration, not 'x'
  help: write it like '12 h' or '3 d'; '0' keeps rows for ever
",
    );
}

#[test]
fn columns_rows_and_their_order() {
    refused_statements(
        "
SELECT id FROM t JOIN u ON t.id = u.id;
  2:8 column 'id' is ambiguous
  it is a column of t and of u
  help: write the table before it: t.id
SELECT t.id FROM t JOIN u ON t.id = u.id AND SUM(t.id) > 1;
  2:46 the aggregate function SUM can't stand here
  help: aggregates stand in SELECT, HAVING and ORDER BY, not within one another; WHERE and GROUP BY come before them
SELECT ROW_NUMBER() OVER (ORDER BY id DESC) FROM t;
  2:8 OVER (…) can only be ordered ascending
  the rows after a row are still to come
SELECT tags[1:2] FROM t;
  2:8 '[1:2]' can't be taken from ARRAY<STRING>
  help: an index takes one element, ARRAY_SLICE(a, start, end) several
SELECT UPPER(a => name) FROM t;
  2:8 UPPER takes no named argument 'a'
  help: write the values alone, in their order
SELECT x.y.id FROM t;
  2:8 no table or column 'x.y' here
SELECT id.x FROM t;
  2:11 '.x' asks for a field of INT, which is no ROW
SELECT NULL;
  2:8 a column of NULL has no type
  help: write CAST(NULL AS a type)
VALUES (NULL);
  - column 1 of VALUES is NULL in every row, so it has no type
  help: write CAST(NULL AS a type)
SELECT * FROM t ORDER BY 9;
  2:26 there is no column 9: they go from 1 to 6
SELECT * FROM (SELECT id FROM t) AS x (a, b);
  2:37 2 names for 1 columns
SELECT id FROM t FETCH FIRST 5 ROWS WITH TIES;
  - FETCH … WITH TIES or PERCENT is not supported yet
  help: FETCH FIRST 5 ROWS ONLY and LIMIT 5 take a number of rows
SELECT id FROM t ORDER BY id FETCH FIRST 5 PERCENT ROWS ONLY;
  - FETCH … WITH TIES or PERCENT is not supported yet
  help: FETCH FIRST 5 ROWS ONLY and LIMIT 5 take a number of rows
SELECT * FROM rates ORDER BY cur;
  - ORDER BY over a table that does not end is not supported yet
  help: bound the table, begin with the column of its WATERMARK FOR (ascending), or rank within windows: ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY …)
SELECT SUM(id) OVER w FROM t WINDOW v AS (ORDER BY ts);
  2:21 there is no window 'w'
SELECT SUM(id) OVER () FROM t;
  2:8 SUM OVER (…) needs ORDER BY in its OVER clause
  help: a stream has no last row: order by a time attribute, and each row sees those before it
SELECT LAG(id, 1, 2, 3) OVER (ORDER BY ts) FROM t;
  2:8 LAG takes one to three arguments, not 4
SELECT NTILE(4) OVER (ORDER BY ts) FROM t;
  2:8 NTILE is not possible over a stream
  it looks at rows that are still to come
  help: LAG, ROW_NUMBER, RANK and DENSE_RANK look only at the rows before
SELECT SUM(id) OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND 5 FOLLOWING) FROM t;
  2:31 a frame over a stream ends with the CURRENT ROW
  rows that FOLLOW are still to come
  help: write BETWEEN … PRECEDING AND CURRENT ROW
SELECT id FROM t GROUP BY SUM(id);
  2:27 the aggregate function SUM can't stand here
  help: aggregates stand in SELECT, HAVING and ORDER BY, not within one another; WHERE and GROUP BY come before them
SELECT name, SUM(id) FROM t GROUP BY flag;
  2:8 column 'name' is neither grouped nor within an aggregate
  help: add it to GROUP BY, or take one of its values: MAX(name)
SELECT COUNT(DISTINCT *) FROM t;
  2:8 COUNT(DISTINCT *) names no column
  help: count the different rows of a subquery: SELECT COUNT(*) FROM (SELECT DISTINCT * FROM …)
SELECT CURRENT_WATERMARK(ts) FROM u;
  2:8 CURRENT_WATERMARK cannot be applied to (TIMESTAMP(3))
  it is written CURRENT_WATERMARK(time)
  help: declare WATERMARK FOR the column in its table and pass it on unchanged
",
    );
}

#[test]
fn windows_and_what_is_asked_of_them() {
    refused_statements(
        "
SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '0' MINUTE));
  2:21 the size of a window must be longer than 0
SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '90' SECOND));
  2:21 the offset of the window must be shorter than its size
  offset 90000 ms, size 60000 ms
  help: borders repeat after each size: the offset 30000 ms gives the same windows
SELECT * FROM TABLE(TUMBLE(TABLE t PARTITION BY id, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
  2:28 TUMBLE takes no PARTITION BY
  help: only SESSION windows depend on keys
SELECT * FROM TABLE(TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
  2:48 the time column of TUMBLE is no time attribute, but TIMESTAMP(3)
  help: declare WATERMARK FOR the column in the table and pass it on unchanged, or use a column AS PROCTIME()
SELECT COUNT(*) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE, INTERVAL '1' MINUTE);
  2:33 TUMBLE in GROUP BY takes 2 arguments, not 3
  help: the window function takes an offset: FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), …))
SELECT COUNT(*) FROM t GROUP BY HOP(ts, INTERVAL '1' MINUTE);
  2:33 HOP in GROUP BY takes 3 arguments, not 2
  help: HOP(ts, INTERVAL '1' MINUTE, INTERVAL '1' HOUR): the time, the slide and the size
SELECT COUNT(*) FROM u GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);
  2:40 the time column of TUMBLE is no time attribute, but TIMESTAMP(3)
  help: declare WATERMARK FOR the column in the table and pass it on unchanged, or use a column AS PROCTIME()
SELECT TUMBLE_ROWTIME(pt, INTERVAL '1' MINUTE) FROM o GROUP BY TUMBLE(pt, INTERVAL '1' MINUTE);
  2:8 TUMBLE_ROWTIME asks for event time, but the window is of processing time
  help: TUMBLE_PROCTIME, or TUMBLE_END for the border
SELECT HOP_START(ts, INTERVAL '1' MINUTE, INTERVAL '1' MINUTE) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);
  2:8 HOP_START asks for a window that rows are not grouped by
  GROUP BY has TUMBLE(ts, INTERVAL '1' MINUTE)
  help: give it the arguments of the window in GROUP BY
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY id) AS r FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) WHERE r <= id;
  - a Top-N within windows whose last rank is a column is not supported yet
  help: write the last rank as a number
SELECT CURRENT_WATERMARK(id) FROM t;
  2:8 CURRENT_WATERMARK cannot be applied to (INT)
  it is written CURRENT_WATERMARK(time)
  help: declare WATERMARK FOR the column in its table and pass it on unchanged
",
    );
}

#[test]
fn patterns_and_what_is_asked_of_them() {
    refused_statements(
        "
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (PERMUTE(A, B, C, D, E, F, G)) DEFINE A AS A.id > 0);
  2:82 PERMUTE of 7 variables
  it stands for all their orders; 6 variables have 720
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts PATTERN (A B) DEFINE A AS A.id > 1);
  - MATCH_RECOGNIZE gives no column
  help: add MEASURES, or PARTITION BY
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN ({- A -} B) DEFINE A AS A.id > 0);
  2:15 an exclusion {- … -} in a pattern is not supported yet
  help: filter its rows out behind it
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A B{3,2} C) DEFINE A AS A.id > 0);
  2:76 the quantifier {3,2} allows no row
  help: write the smaller number first, and at least 1 last
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES LAST(A.id, id) AS x PATTERN (A B C) DEFINE A AS A.id > 0);
  2:55 LAST takes an expression and a number of rows
  help: LAST(a.price), or LAST(a.price, 1)
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts DESC MEASURES A.id AS x PATTERN (A B C) DEFINE A AS A.id > 0);
  2:43 MATCH_RECOGNIZE goes forward in time: the first column of ORDER BY must be ascending
  help: leave DESC out, and look back with LAST or PREV
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x AFTER MATCH SKIP TO A PATTERN (A B C) DEFINE A AS A.id > 0);
  2:85 AFTER MATCH SKIP TO A: 'A' is the first row of every match
  the search would begin at the same row again, and find the same match for ever
  help: skip to a later variable, TO NEXT ROW or PAST LAST ROW
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A B) WITHIN id DEFINE A AS A.id > 0);
  2:86 WITHIN takes a constant interval of days, hours, minutes or seconds
  help: WITHIN INTERVAL '10' MINUTE
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES SUM(A.id * B.id) AS x PATTERN (A B) DEFINE A AS A.id > 0);
  2:55 'SUM(A.id * B.id)' has columns of several variables
  what stands in one function must be of rows of one variable
  help: take each from its own: LAST(a.x) * LAST(b.y)
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A B) DEFINE A AS NEXT(A.id) > 0);
  2:91 NEXT looks at rows that have not come yet
  help: add a variable for the next row to the pattern, and look back from it with PREV or LAST
",
    );
}

#[test]
fn changes_as_rows() {
    refused_statements(
        "
SELECT * FROM FROM_CHANGELOG(input => TABLE t);
  2:15 the table has no column 'op' with the kind of change
  help: name it: op => DESCRIPTOR(column)
SELECT * FROM FROM_CHANGELOG(input => TABLE t, op => DESCRIPTOR(id));
  2:65 the kind of change is a text, but 'id' is INT
SELECT * FROM FROM_CHANGELOG(input => TABLE t, op => DESCRIPTOR(name), op_mapping => 'x');
  2:86 OP_MAPPING takes a constant map of texts, not 'x'
  help: op_mapping => MAP['c, r', 'INSERT', 'd', 'DELETE']
SELECT * FROM FROM_CHANGELOG(input => TABLE t, op => DESCRIPTOR(name), op_mapping => MAP['u', 'UPDATE_AFTER']);
  2:86 FROM_CHANGELOG takes updates with the row before and the row after
  no code stands for UPDATE_BEFORE
  help: map a code to each of UPDATE_BEFORE and UPDATE_AFTER; for upserts use a table with a PRIMARY KEY, as upsert-kafka
SELECT * FROM FROM_CHANGELOG(input => TABLE t, op => DESCRIPTOR(name), op_mapping => MAP['u', 'X']);
  2:86 there is no kind of change 'X'
  help: one of INSERT, UPDATE_BEFORE, UPDATE_AFTER, DELETE
SELECT * FROM FROM_CHANGELOG(input => TABLE t PARTITION BY id, op => DESCRIPTOR(name));
  2:60 FROM_CHANGELOG takes a table without PARTITION BY
  help: leave it out: rows keep their order by key anyway
",
    );
}

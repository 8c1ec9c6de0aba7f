//! The text of the errors that a user can cause, area by area: the place, the message, the detail, the help.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Case, Ended, Running};
use std::io::Write;
use std::process::Stdio;

/// The tables of the statements below, on one line: a statement begins on the second.
const TABLES: &str = "\
CREATE TABLE t (id INT, name STRING, flag BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, m MAP<STRING, INT>, \
WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen', 'number-of-rows' = '1'); \
CREATE TABLE u (id INT, name STRING, ts TIMESTAMP(3)) WITH ('connector' = 'datagen', 'number-of-rows' = '1'); \
CREATE TABLE sink (id INT, name STRING) WITH ('connector' = 'blackhole'); \
CREATE VIEW v AS SELECT id, name FROM t; \
CREATE TABLE d (id INT, name STRING, up AS UPPER(name)) \
WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://localhost:1/x', 'table-name' = 'd'); \
CREATE VIEW dv AS SELECT id + 1 AS id FROM d; \
CREATE TABLE o (id INT, name STRING, pt AS PROCTIME()) WITH ('connector' = 'datagen', 'number-of-rows' = '1'); \
CREATE TABLE rates (cur STRING, land STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, \
PRIMARY KEY (cur, land) NOT ENFORCED) WITH ('connector' = 'datagen');\n";

/// What is wrong, and below it, indented, the pieces of what is said.
fn cases(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut cases: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("  ") {
            Some(said) => cases.last_mut().unwrap().1.push(said),
            None => cases.push((line, Vec::new())),
        }
    }
    cases
}

/// Runs a command on a file of the tables and this text; that it fails with this code and says all of this.
#[track_caller]
fn fails(command: &str, sql: &str, code: i32, wrong: &str, said: &[&str]) {
    let case = Case::new();
    case.file("x.csv", "");
    case.file("f.sql", &format!("{TABLES}{sql}"));
    let ended = case.riverrun(&[command, "f.sql"]);
    assert_eq!(ended.code, code, "{wrong}\n{}{}", ended.out, ended.err);
    for text in said {
        assert!(ended.err.contains(text), "{wrong}\n`{text}` is not in:\n{}", ended.err);
    }
}

/// That a check refuses what `statement` makes of each case. The first piece said begins with `line:column`, or with a
/// dash where the place is only that of the whole statement, though an option is meant.
#[track_caller]
fn refused(text: &str, statement: impl Fn(&str) -> String) {
    for (wrong, mut said) in cases(text) {
        let (place, message) = said[0].split_once(' ').unwrap();
        let line = format!("--> f.sql:{place}\n");
        said[0] = message;
        if place != "-" {
            said.push(&line);
        }
        fails("check", &statement(wrong), 2, wrong, &said);
    }
}

/// That these statements are refused.
#[track_caller]
fn refused_statements(text: &str) {
    refused(text, str::to_owned);
}

/// That these options, on line 3, are refused for a table that begins like this.
#[track_caller]
fn refused_options(table: &str, query: &str, text: &str) {
    refused(text, |options| format!("CREATE TABLE x {table},\n{options});\n{query}"));
}

const READ: &str = "SELECT * FROM x;";
const WRITE: &str = "INSERT INTO x SELECT id, name FROM t;";

#[test]
fn catalogs_tables_and_functions() {
    refused_statements(
        "
USE CATALOG default_catalo;
  2:13 there is no catalog 'default_catalo'
  help: did you mean `default_catalog`?
USE default_databse;
  2:5 there is no database 'default_databse' in the catalog 'default_catalog'
  help: did you mean `default_database`?
CREATE CATALOG hive WITH ('type' = 'hive');
  2:36 a catalog of type 'hive' is not supported yet
  help: 'type' = 'generic_in_memory' is supported
DROP CATALOG default_catalog;
  2:14 the catalog 'default_catalog' is in use
  help: USE CATALOG another one first
DROP DATABASE default_database;
  2:15 the database 'default_database' is in use
  help: USE another one first
CREATE DATABASE db; CREATE TABLE db.y (id INT) WITH ('connector' = 'print'); DROP DATABASE db;
  2:92 the database 'db' is not empty
  it holds y
  help: write CASCADE to drop them too
CREATE TABLE y WITH ('connector' = 'print') LIKE v;
  2:50 'v' is a view: LIKE takes tables
CREATE TABLE y (WATERMARK FOR ts AS ts) WITH ('connector' = 'print') LIKE t;
  2:75 both 't' and the new table have a watermark
  help: write LIKE t (EXCLUDING WATERMARKS)
DROP TEMPORARY TABLE t;
  2:22 there is no temporary table 't'
SHOW TABLES FROM nowhere;
  2:18 there is no database 'default_catalog.nowhere'
INSERT INTO v SELECT 1, 'a';
  2:13 'v' is a view, and can't be written
CREATE TABLE y (id INT, WATERMARK FOR id AS id) WITH ('connector' = 'datagen');
  2:39 an event-time column is TIMESTAMP(3) or TIMESTAMP_LTZ(3), but 'id' is INT
  help: add a computed column such as `time` AS TO_TIMESTAMP(id)
CREATE FUNCTION f(a INT) RETURNS INT AS 'a' USING JAR 'a.jar';
  2:55 USING belongs to functions of other languages than SQL
CREATE FUNCTION f(a INT) RETURNS INT AS 'a' WITH ('b' = 'c');
  2:51 a function in SQL has no option 'b'
SET 'table.local-time-zone' = 'Europe/Berlim';
  2:31 there is no time zone 'Europe/Berlim'
  help: did you mean `Europe/Berlin`?
SET 'table.local-time-zone' = 'x';
  2:31 there is no time zone 'x'
  help: write it like 'UTC', 'Europe/Berlin' or 'GMT+02:00'
",
    );
}

#[test]
fn tokens_and_literals() {
    refused_statements(
        r#"
SELECT "name" FROM t;
  2:8 double quotes are neither for strings nor for names
  help: write 'name' for a string, `name` for a name
SELECT `abc FROM t;
  2:8 a name has no closing back-quote
SELECT x'abc';
  2:8 x'abc' is no binary literal
  it takes pairs of hexadecimal digits
SELECT ?;
  2:8 ? is no literal of Flink SQL
SELECT TIMESTAMP '9999-12-31 23:59:59.123456789';
  2:18 '9999-12-31 23:59:59.123456789' is out of range for TIMESTAMP(9)
SELECT INTERVAL id DAY FROM t;
  2:17 an interval's value is a constant
SELECT INTERVAL '1' MONTH TO DAY;
  2:17 an interval can't go from MONTH to DAY
  help: YEAR TO MONTH and DAY TO SECOND are the two kinds
SELECT INTERVAL 'x' DAY;
  2:17 'x' is no interval of DAY
  help: write it like INTERVAL '1' DAY
"#,
    );
}

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
fn functions_and_types() {
    refused_statements(
        "
SELECT CASE WHEN flag THEN NULL END FROM t;
  2:8 every result of this CASE is NULL, so it has no type
  help: CAST one of them
SELECT COALESCE(id, 'a') FROM t;
  2:8 the arguments of COALESCE: INT and CHAR(1) have no common type
  help: cast them to one type
SELECT tags['a'] FROM t;
  2:8 an array's index is an INT, not CHAR(1) NOT NULL
SELECT m[1] FROM t;
  2:8 the key of a MAP<STRING, INT> is a STRING, not INT NOT NULL
SELECT NOT id FROM t;
  2:12 NOT takes a BOOLEAN, not INT
SELECT id IS TRUE FROM t;
  2:8 IS TRUE takes a BOOLEAN, not INT
SELECT -name FROM t;
  2:9 cannot apply - to STRING
SELECT id + NULL FROM t;
  2:8 cannot apply + to INT and NULL
  help: a bare NULL has no type: write CAST(NULL AS INT), or whatever type is meant
SELECT 1.5e0 % 2 FROM t;
  2:8 cannot apply % to DOUBLE NOT NULL and INT NOT NULL
  help: % and MOD take integers and DECIMAL
SELECT ts + 1 FROM t;
  2:8 there is no operator TIMESTAMP(3) + INT
SELECT id = name FROM t;
  2:8 cannot compare INT = STRING
  help: cast one side to the type of the other
SELECT CAST(ts AS INT) FROM t;
  2:13 cannot cast TIMESTAMP(3) to INT
  help: write UNIX_TIMESTAMP(CAST(column AS STRING)) for the seconds since 1970
SELECT EXTRACT(FORTNIGHT FROM ts) FROM t;
  2:8 FORTNIGHT is no unit of time
SELECT SOURCE_WATERMARK() FROM t;
  2:8 SOURCE_WATERMARK is not supported yet
  help: give the watermark as an expression: WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
SELECT SUM(id, id) FROM t;
  2:8 SUM takes one argument
  2 were given
SELECT SUM(*) FROM t;
  2:8 '*' is no argument of SUM
SELECT SUM(id) IGNORE NULLS FROM t;
  2:8 IGNORE NULLS with SUM is not supported yet
  help: leave NULLs out with SUM(x) FILTER (WHERE x IS NOT NULL)
SELECT LISTAGG(name) WITHIN GROUP (ORDER BY name) FROM t;
  2:8 LISTAGG … WITHIN GROUP is not supported yet
SELECT PERCENTILE(id, 2) FROM t;
  2:8 the percentage of PERCENTILE must be between 0 and 1, not 2
SELECT MOD(id) FROM t;
  2:8 MOD takes two numbers, not 1
SELECT id + flag FROM t;
  2:8 cannot apply + to INT and BOOLEAN
SELECT name * 2 FROM t;
  2:8 cannot apply * to STRING and INT NOT NULL
  help: a text becomes a number by CAST
SELECT id || flag FROM t;
  2:8 || cannot be applied to (INT, BOOLEAN)
  it is written string || string
SELECT id = flag FROM t;
  2:8 cannot compare INT = BOOLEAN
  help: cast one side to the type of the other
SELECT tags = id FROM t;
  2:8 cannot compare ARRAY<STRING> = INT
  a collection or row is compared with its like only
SELECT ROW(1, 2) = ROW(1);
  2:8 cannot compare ROW<
  one row has 2 fields, the other 1
SELECT m < m FROM t;
  2:8 cannot compare MAP<STRING, INT> < MAP<STRING, INT>
  collections and rows have no order
SELECT (ts, ts) OVERLAPS (id, id) FROM t;
  2:9 OVERLAPS cannot be applied to (TIMESTAMP(3) *ROWTIME*, TIMESTAMP(3) *ROWTIME*, INT, INT)
  it is written (start, end) OVERLAPS (start, end)
SELECT (ts - id) DAY FROM t;
  2:9 - cannot be applied to (TIMESTAMP(3) *ROWTIME*, INT)
  it is written (end - start) unit
SELECT EXTRACT(DAY FROM id) FROM t;
  2:8 EXTRACT cannot be applied to (INT)
  it is written EXTRACT(unit FROM datetime)
SELECT YEAR(id) FROM t;
  2:8 YEAR cannot be applied to (INT)
  it is written YEAR(datetime)
SELECT TIMESTAMPADD(DAY, name, ts) FROM t;
  2:8 TIMESTAMPADD cannot be applied to (STRING, TIMESTAMP(3) *ROWTIME*)
  it is written TIMESTAMPADD(unit, number, datetime)
SELECT TIMESTAMPDIFF(DAY, ts, id) FROM t;
  2:8 TIMESTAMPDIFF cannot be applied to (TIMESTAMP(3) *ROWTIME*, INT)
SELECT FLOOR(id TO DAY) FROM t;
  2:8 FLOOR cannot be applied to (INT)
  it is written FLOOR(datetime TO unit)
SELECT TRIM(id) FROM t;
  2:8 TRIM cannot be applied to (INT)
SELECT TRIM(LEADING id FROM name) FROM t;
  2:8 TRIM cannot be applied to (INT, STRING)
SELECT JSON_EXISTS(id, '$.a' TRUE ON ERROR) FROM t;
  2:8 JSON_EXISTS cannot be applied to (INT, CHAR(3) NOT NULL)
SELECT JSON_VALUE(id, '$.a' DEFAULT 'x' ON EMPTY) FROM t;
  2:8 JSON_VALUE cannot be applied to (INT, CHAR(3) NOT NULL)
SELECT id IS JSON OBJECT FROM t;
  2:8 IS JSON cannot be applied to (INT)
  it is written string IS [NOT] JSON
SELECT GREATEST(id, name) FROM t;
  2:8 the arguments of GREATEST: INT and STRING have no common type
  help: cast them to one type
SELECT ARRAY[1, 'a'];
  2:14 the elements of ARRAY: INT and CHAR(1) have no common type
SELECT MAP['a', 1, 'b', 'c'];
  2:8 the values of MAP: INT and CHAR(1) have no common type
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
fn values_that_fail_a_query() {
    let text = r#"
CAST('abc' AS TIME)
  Invalid time format: 'abc'. Expected format: HH:mm:ss[.fff]
  HH is 00-23, mm is 00-59, ss is 00-59
  help: TRY_CAST gives NULL where a text is no time
CAST('2024-01-01 99:00:00' AS TIMESTAMP(3))
  Text '2024-01-01 99:00:00' could not be parsed: HourOfDay is beyond 23
  help: a timestamp is written 2024-03-15 13:14:15.123
CAST('maybe' AS BOOLEAN)
  Cannot parse 'maybe' as BOOLEAN.
  help: a BOOLEAN is written TRUE or FALSE; TRY_CAST gives NULL for other texts
CAST(CAST('NaN' AS DOUBLE) AS DECIMAL(5, 2))
  NaN and the infinities are no DECIMAL
  help: TRY_CAST gives NULL for them
CAST(TIMESTAMP '0001-01-01 00:00:00' AS TIMESTAMP(9))
  the time is out of the range of TIMESTAMP(9)
  help: a precision of at most 6 reaches all years from 0001 to 9999
DATE_FORMAT(TIMESTAMP '2024-01-01 00:00:00', 'jj')
  'jj' is no date pattern: the letter 'j' has no meaning
  help: a pattern is written 'yyyy-MM-dd HH:mm:ss.SSS'; letters that stand for themselves are quoted: ''T''
CONVERT_TZ('2024-01-01 00:00:00', 'UTC', 'Mars/Olympus')
  there is no time zone 'Mars/Olympus'
RAND_INTEGER(0)
  bound must be positive
  the bound of RAND_INTEGER is 0
INSTR('aaa', 'a', 1, 0)
  INSTR of occurrence 0
  help: occurrences count from 1
STR_TO_MAP('a', '(', '=')
  the regular expression '(' is wrong
  a '(' is not closed
JSON_VALUE('{}', 'lax $.a' ERROR ON EMPTY)
  JSON_VALUE found no value
JSON_VALUE('{"a": null}', '$.a' ERROR ON ERROR)
  null stands at the strict JSON path $.a
JSON_EXISTS('null', 'lax $' ERROR ON ERROR)
  the JSON text is null
JSON_VALUE('{"a": "x"}', '$.a' RETURNING INT ERROR ON ERROR)
  the value at a JSON path is not of the type that JSON_VALUE returns
JSON_VALUE('{"a": [1]}', 'strict $.a' ERROR ON ERROR)
  JSON_VALUE gives scalars, and an array or object stands at the strict path
JSON_QUERY('{"a": 1}', 'strict $.a' ERROR ON ERROR)
  JSON_QUERY gives arrays and objects, and a scalar stands at the strict path
  help: WITH ARRAY WRAPPER makes an array of it
JSON_QUERY('{"a": 1}', 'lax $.b' ERROR ON EMPTY)
  JSON_QUERY found no array or object
JSON_QUERY('{"a": {}}', '$.a' RETURNING ARRAY<STRING> ERROR ON ERROR)
  JSON_QUERY returns an array, and found an object
JSON_OBJECTAGG(KEY k VALUE 1) FROM (VALUES (CAST(NULL AS STRING))) AS y (k)
  a key of JSON_OBJECTAGG is NULL
JSON_VALUE('{}', '$.' ERROR ON ERROR)
  the JSON path '$.' is wrong
  a name expected, at character 3
JSON_VALUE('{}', '$[a]' ERROR ON ERROR)
  the JSON path '$[a]' is wrong
  a name in quotes, an index, '*' or '?' expected, at character 3
JSON_VALUE('{}', '$[?(@.a ==)]' ERROR ON ERROR)
  the JSON path '$[?(@.a ==)]' is wrong
  a value expected, at character 11
JSON_VALUE('{}', '$[?(@.a == ''b)]' ERROR ON ERROR)
  the JSON path '$[?(@.a == 'b)]' is wrong
  a quote that is not closed, at character 16
"#;
    for (expression, mut said) in cases(text) {
        said.push("--> f.sql:2:1\n");
        fails("run", &format!("SELECT {expression};"), 1, expression, &said);
    }
}

#[test]
fn options_of_files() {
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'filesystem', 'format' = 'csv'",
        READ,
        "
'path' = ''
  3:10 option 'path' is empty
  help: name a file or folder
'path' = 'x.csv', 'source.path.regex-pattern' = '('
  3:49 'source.path.regex-pattern' is no regular expression: unclosed group
'path' = 'x['
  3:10 'x[' is no glob: invalid range pattern
",
    );
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = 'out'",
        WRITE,
        "
'format' = 'parquet', 'sink.compression' = 'gzip'
  3:23 'sink.compression' does not go with 'format' = 'parquet'
  help: Parquet compresses by itself: 'parquet.compression' = 'ZSTD'
'format' = 'csv', 'sink.partition-commit.delay' = '1 h'
  3:51 a 'sink.partition-commit.delay' of more than 0 s is not supported yet
'format' = 'debezium-json', 'debezium-json.schema-include' = 'true'
  3:62 debezium-json can't be written with 'debezium-json.schema-include' = 'true'
  help: leave the option out for a table that is written
",
    );
}

#[test]
fn options_of_kafka() {
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'kafka', 'properties.bootstrap.servers' = 'localhost:1', \
         'format' = 'json'",
        READ,
        "
'topic' = 'a', 'scan.startup.mode' = 'group-offsets'
  3:38 mode 'group-offsets' needs the option 'properties.group.id'
  help: name a group, or set 'scan.startup.mode' to 'earliest-offset' or 'latest-offset'
'topic' = 'a', 'scan.startup.mode' = 'timestamp'
  3:38 option 'scan.startup.timestamp-millis' is missing: mode 'timestamp' needs it
'topic-pattern' = 'a['
  3:19 'topic-pattern' is no regular expression: unclosed character class
'topic' = 'a', 'topic-pattern' = 'a.*'
  3:16 table 'x' needs either 'topic' or 'topic-pattern'
  help: leave one of them out
'topic' = 'a', 'value.fields-include' = 'SOME'
  3:41 'SOME' is no value for option 'value.fields-include'
  expected: ALL | EXCEPT_KEY
'topic' = 'a', 'value.jsn.ignore-parse-errors' = 'true'
  3:16 unknown option 'value.jsn.ignore-parse-errors' for connector 'kafka'
'topic' = 'a', 'scan.startup.mode' = 'latest-offset', 'properties.sasl.jaas.config' = 'x'
  3:87 'properties.sasl.jaas.config' has no username and password
  help: or set 'properties.sasl.username' and 'properties.sasl.password'
",
    );
    refused_options(
        "(id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'upsert-kafka', \
         'properties.bootstrap.servers' = 'localhost:1', 'topic' = 'a', 'key.format' = 'json'",
        WRITE,
        "
'value.format' = 'json', 'sink.buffer-flush.max-rows' = '5'
  3:26 'sink.buffer-flush.max-rows' and 'sink.buffer-flush.interval' go together
  help: set both, or neither: changes of a key are brought together anyway
",
    );
}

#[test]
fn options_of_databases() {
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'jdbc', 'table-name' = 'x'",
        READ,
        "
'url' = 'jdbc:postgresql://localhost/x?sslcert=a'
  3:9 'sslcert' and 'sslkey' go together
'url' = 'jdbc:postgresql://localhost/x?connectTimeout=x'
  3:9 'connectTimeout=x': it is a number of seconds
'url' = 'jdbc:postgresql://localhost/x', 'scan.fetch-size' = '-1'
  3:62 'scan.fetch-size' = '-1': it can't be negative
'url' = 'jdbc:postgresql:x', 'scan.partition.num' = '2', 'scan.partition.lower-bound' = '1', 'scan.partition.upper-bound' = '5', 'scan.partition.column' = 'nope'
  3:156 'scan.partition.column' names `nope`, which is no column of 'x'
  columns: id INT, name STRING
",
    );
}

#[test]
fn options_of_generators() {
    refused_options(
        "(id INT, name STRING, flag BOOLEAN) WITH ('connector' = 'datagen'",
        READ,
        r"
'fields.flag.kind' = 'sequence', 'fields.flag.start' = '1', 'fields.flag.end' = '2'
  3:22 'fields.flag' can't be a sequence: BOOLEAN is neither a number nor a string
'fields.flag.kind' = 'sequence'
  3:22 option 'fields.flag.start' is missing: a sequence needs it
'fields.id.min' = '5', 'fields.id.max' = '2'
  3:42 '2' is no value for option 'fields.id.max'
  expected: a number that is not below the least, 5
'fields.id.min' = '3000000000'
  3:19 '3000000000' is no value for option 'fields.id.min'
  expected: from -2147483648 to 2147483647
'scan.parallelism' = '0'
  3:22 '0' is no value for option 'scan.parallelism'
'fields.name.expression' = '#{Name.nope}'
  3:28 no expression is called 'Name.nope'
  help: did you mean `Name.name`?
'fields.name.expression' = '#{regexify ''[a-''}'
  3:28 '[a-' is no pattern for regexify: a '[' has no ']'
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
",
    );
    refused_options(
        "(event_type INT) WITH ('connector' = 'nexmark'",
        READ,
        "
'person.proportion' = '0', 'auction.proportion' = '0', 'bid.proportion' = '0'
  - the proportions of people, auctions and bids are all 0
",
    );
}

#[test]
fn options_of_formats() {
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = 'x.csv'",
        READ,
        "
'format' = 'csv', 'csv.quote-character' = 'a', 'csv.disable-quote-character' = 'true'
  3:19 csv.quote-character can't be set while csv.disable-quote-character is true
  help: leave one of them out
'format' = 'csv', 'csv.array-element-delimiter' = ''
  3:51 csv.array-element-delimiter is empty
  help: leave it out for ';'
'format' = 'csv', 'csv.quote-character' = 'ä'
  3:43 'ä' as csv.quote-character (not ASCII) is not supported yet
'format' = 'json', 'json.fail-on-missing-field' = 'true', 'json.ignore-parse-errors' = 'true'
  3:59 json.fail-on-missing-field and json.ignore-parse-errors can't both be true
  help: leave one of them out
",
    );
    refused_options(
        "(id INT, m MAP<INT, INT>) WITH ('connector' = 'filesystem', 'path' = 'x.csv'",
        READ,
        "
'format' = 'csv'
  - column `m` of type MAP<INT, INT> can't be read or written as CSV
  CSV has no maps
  help: use 'format' = 'json', or declare the column as STRING
",
    );
    refused_options(
        "(id INT, a ARRAY<ARRAY<INT>>) WITH ('connector' = 'filesystem', 'path' = 'x.csv'",
        READ,
        "
'format' = 'csv'
  - column `a` of type ARRAY<ARRAY<INT>> can't be read or written as CSV
  CSV has no nesting below an array or a row
  help: use 'format' = 'json', or declare the column as STRING
",
    );
}

#[test]
fn files_of_statements() {
    let case = Case::new();
    std::fs::create_dir(case.path().join("folder")).unwrap();
    std::fs::write(case.path().join("bytes.sql"), b"SELECT \xff;").unwrap();
    case.file("q.sql", "SELECT 1;");
    let commands: &[(&[&str], i32, &[&str])] = &[
        (&["check", "bytes.sql"], 2, &["'bytes.sql' is not UTF-8: byte 7"]),
        (&["check", "folder"], 2, &["cannot read 'folder': Is a directory", "help: give the path of a SQL file, or -"]),
        (&["test", "folder"], 2, &["there are no tests", "help: test files end in .test"]),
        (
            &["run", "q.sql", "--summary", "nowhere/s.json"],
            1,
            &[
                "cannot write the summary to 'nowhere/s.json': No such file or directory",
                "help: check that the folder exists and may be written",
            ],
        ),
    ];
    for (args, code, said) in commands {
        eprintln!("{args:?}");
        case.riverrun(args).failed(*code, said);
    }
}

#[test]
fn standard_input_that_is_no_text() {
    let case = Case::new();
    let mut command = case.command();
    command.args(["check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"SELECT \xff;").unwrap();
    Ended::from(child.wait_with_output().unwrap()).failed(2, &["cannot read standard input:", "UTF-8"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_row_that_cannot_be_printed() {
    let case = Case::new();
    case.file("p.sql", "CREATE TABLE p (id INT) WITH ('connector' = 'print');\nINSERT INTO p SELECT 1;");
    let mut command = case.command();
    command.args(["run", "p.sql"]).stdout(std::fs::File::create("/dev/full").unwrap());
    let said = ["cannot print a row: No space left on device", "help: the reader of standard output has gone away"];
    Ended::from(command.output().unwrap()).failed(1, &said);
}

#[test]
fn savepoints_of_jobs_that_are_not_there() {
    let case = Case::new();
    let sql = "CREATE TABLE p (id INT) WITH ('connector' = 'print');
        CREATE TABLE s (id INT) WITH ('connector' = 'datagen', 'rows-per-second' = '100');
        INSERT INTO p SELECT id FROM s;";
    case.file("f.sql", sql);
    let mut running = Running::start(case.command().args(["run", "f.sql", "--state-dir", "state"]));
    running.wait_for_line("+I[");
    case.riverrun(&["savepoint", "state", "saved", "--job", "7"]).failed(2, &["there is no job 7", "help: running: 0"]);
    running.interrupt();
    case.riverrun(&["savepoint", "state", "saved"]).failed(1, &["no process runs the job of state", "help:"]);
    case.riverrun(&["checkpoints", "nowhere"])
        .failed(2, &["there is no checkpoint or savepoint in nowhere", "help: name a savepoint, a checkpoint"]);
}

#[test]
fn keys_of_object_stores() {
    let case = Case::new();
    let mut command = case.command();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    command.args(["checkpoints", "s3://bucket/x", "-D", "s3.access-key=a"]);
    let said =
        ["cannot reach s3://bucket: one of the two keys is missing", "help: set s3.access-key and s3.secret-key"];
    Ended::from(command.output().unwrap()).failed(2, &said);
}

#[test]
fn metadata_that_there_is_not() {
    refused_statements(
        "
CREATE TABLE x (a INT, m INT METADATA FROM 'nope') WITH ('connector' = 'datagen'); SELECT a FROM x;
  2:44 the connector 'datagen' has no metadata 'nope'
  help: leave the column out, or compute it in the query
CREATE TABLE x (a INT, m STRING METADATA FROM 'file.nam') WITH ('connector' = 'filesystem', 'path' = 'x.csv', 'format' = 'csv'); SELECT a FROM x;
  2:47 the connector 'filesystem' has no metadata 'file.nam'
  help: did you mean `file.name`?
CREATE TABLE x (a INT, m ARRAY<INT> METADATA FROM 'file.name') WITH ('connector' = 'filesystem', 'path' = 'x.csv', 'format' = 'csv'); SELECT a FROM x;
  2:51 the metadata 'file.name' is STRING, which has no cast to ARRAY<INT>
  help: declare the column as STRING
CREATE TABLE x (id INT, `file.path` STRING METADATA) WITH ('connector' = 'filesystem', 'path' = 'x', 'format' = 'csv'); INSERT INTO x SELECT id, name FROM t;
  2:25 the connector 'filesystem' can't write metadata 'file.path'
  help: a column that is only read is declared VIRTUAL
",
    );
}

#[test]
fn options_that_there_are_not() {
    refused_statements(
        "
RESET 'table.dml-snyc';
  2:7 there is no option 'table.dml-snyc'
  help: did you mean `table.dml-sync`?
SET 'execution.checkpointing.intervall' = '1 s';
  2:5 there is no option 'execution.checkpointing.intervall'
  help: did you mean `execution.checkpointing.interval`?
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
  help: CROSS JOIN UNNEST(a) AS u (x)
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
fn functions_that_are_elsewhere_or_otherwise() {
    refused_statements(
        "
SELECT LAG(name) FROM t;
  2:8 LAG needs OVER (…)
  help: LAG(…) OVER (PARTITION BY id ORDER BY ts), ts being a time attribute
SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) FROM t;
  2:8 TUMBLE_START stands only in a query that is grouped by TUMBLE(…)
  help: GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE), or FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), …)) with its columns window_start and window_end
SELECT LEN(name) FROM t;
  2:8 there is no function LEN
  help: in Flink SQL it is CHAR_LENGTH(s)
SELECT GROUP_CONCAT(name) FROM t;
  2:8 there is no function GROUP_CONCAT
  help: in Flink SQL it is LISTAGG(s, ',')
SELECT UPPER(DISTINCT name) FROM t;
  2:8 UPPER takes no DISTINCT
  only aggregate functions do
SELECT UPPER(name) FILTER (WHERE id > 1) FROM t;
  2:8 UPPER takes no FILTER
  only aggregate functions do
SELECT * FROM TABLE(UPPER('a'));
  2:21 UPPER is no table function
  help: call it in SELECT
SELECT * FROM TABLE(TUMBLE(DATA => TABLE t, DATA => TABLE t, TIMECOL => DESCRIPTOR(ts)));
  2:53 DATA is given twice to TUMBLE
  TUMBLE takes (DATA, TIMECOL, SIZE, OFFSET)
SELECT COUNT(*) FROM t GROUP BY TUMBLE(ts);
  2:33 TUMBLE in GROUP BY takes 2 arguments, not 1
  help: TUMBLE(ts, INTERVAL '1' MINUTE): the time and an interval
SELECT COUNT(*) FROM t GROUP BY TUMBLE(ts, INTERVAL '0' MINUTE);
  2:53 TUMBLE takes an interval longer than 0, not INTERVAL '0' MINUTE
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
fn definitions_that_contradict_themselves() {
    refused_statements(
        "
CREATE TABLE y (id INT, pt AS PROCTIME(), WATERMARK FOR pt AS pt) WITH ('connector' = 'datagen');
  2:57 WATERMARK FOR 'pt', which is processing time
  processing time is the clock's, and has no watermark
CREATE TABLE y WITH ('connector' = 'print') LIKE t (EXCLUDING GENERATED INCLUDING GENERATED);
  2:83 LIKE says twice what becomes of GENERATED
CREATE TABLE y WITH ('connector' = 'print') AS SELECT id, name AS id FROM t;
  2:48 the query of the table 'y' has two columns 'id'
  help: give one of them another name with AS
CREATE TABLE y (PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'print') AS SELECT id FROM t;
  2:30 the column 'id' of the PRIMARY KEY can be NULL in the query
  help: declare it in the table: id INT NOT NULL
REPLACE TABLE y WITH ('connector' = 'print') AS SELECT id FROM t;
  2:15 there is no table 'y' to be replaced
  help: write CREATE OR REPLACE TABLE, which creates it too
CREATE OR REPLACE VIEW w AS SELECT id FROM t;
  2:19 CREATE OR REPLACE VIEW is not in Flink SQL
  help: ALTER VIEW v AS … gives a view another query
ALTER CATALOG default_catalog SET ('x' = 'y');
  2:36 a catalog in memory has no option 'x'
  help: it has 'default-database'
DESCRIBE DATABASE default_database;
  2:10 DESCRIBE DATABASE is not supported yet
  help: SHOW TABLES FROM d lists what is in it
ALTER DATABASE nope SET ('k' = 'v');
  2:16 there is no database 'nope' in the catalog 'default_catalog'
CREATE VIEW w AS SELECT * FROM d; ALTER TABLE d DROP up; SELECT id FROM w;
  2:25 the column 'up' of this * is gone
  a view keeps the columns that * stood for when it was created
  help: create the view anew, or give it another query: ALTER VIEW … AS …
",
    );
}

#[test]
fn an_insert_that_waits_is_told_where_it_stands() {
    let first = &["--> f.sql:2:1\n"];
    fails("check", "INSERT INTO sink VALUES (NULL, 'a'); SELECT 2;", 2, "a bare NULL", first);
    fails(
        "check",
        "INSERT INTO sink VALUES (1, 'a');\nINSERT INTO sink VALUES (NULL, 'a');",
        2,
        "the second",
        &["--> f.sql:3:1\n"],
    );
    fails("run", "INSERT INTO sink SELECT 1 / 0, 'a';\nSELECT 2;", 1, "before a query", first);
    fails("run", "INSERT INTO sink SELECT 1 / 0, 'a';", 1, "at the end", first);
}

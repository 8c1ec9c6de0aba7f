//! Statements that define, alter and drop, and what is written.

use super::*;

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
USE a.b.c;
  2:5 'a.b.c' is no name of a database: it has one or two parts
CREATE DATABASE a.b.c;
  2:17 'a.b.c' is no name of a database: it has one or two parts
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

#[test]
fn catalogs_and_databases_that_are_there() {
    refused_statements(
        "
CREATE CATALOG default_catalog WITH ('type' = 'generic_in_memory');
  2:16 there is a catalog 'default_catalog' already
  help: drop it first, or write CREATE CATALOG IF NOT EXISTS
CREATE DATABASE default_database;
  2:17 there is a database 'default_database' already
  help: drop it first, or write CREATE DATABASE IF NOT EXISTS
CREATE TABLE nowhere.db.y (a INT) WITH ('connector' = 'print');
  2:14 there is no catalog 'nowhere'
ALTER CATALOG default_catalog SET ('type' = 'jdbc');
  2:36 the option 'type' of a catalog can't be changed
  help: CREATE CATALOG makes one of another type
ALTER CATALOG default_catalog RESET ('type');
  2:38 the option 'type' of a catalog can't be reset
  every catalog has one
CREATE OR REPLACE TABLE v WITH ('connector' = 'print') AS SELECT 1 AS a;
  2:25 'v' is a view, no table
  help: drop it first: DROP VIEW v
CREATE TEMPORARY TABLE y (a INT) WITH ('connector' = 'print'); REPLACE TABLE y WITH ('connector' = 'print') AS SELECT 1 AS a;
  2:78 the table 'y' is temporary, and can't be replaced
  help: drop it first: DROP TEMPORARY TABLE y
CREATE TABLE t (a INT) WITH ('connector' = 'print');
  2:14 there is a table 't' already
  help: drop it first, or write CREATE TABLE IF NOT EXISTS
CREATE VIEW v AS SELECT 1 AS a;
  2:13 there is a view 'v' already
  help: drop it first, or write CREATE VIEW IF NOT EXISTS
DROP TABLE v;
  2:12 'v' is a view, no table
  help: write DROP VIEW
DROP VIEW t;
  2:11 't' is a table, no view
  help: write DROP TABLE
CREATE TEMPORARY TABLE t (a INT) WITH ('connector' = 'print'); DROP TABLE t;
  2:75 a temporary table hides 't'
  help: drop it first: DROP TEMPORARY TABLE t
SHOW CREATE TABLE v;
  2:19 'v' is a view
  help: write SHOW CREATE VIEW v
SHOW CREATE VIEW t;
  2:18 't' is a table
  help: write SHOW CREATE TABLE t
DESCRIBE nope;
  2:10 there is no table or view 'nope'
",
    );
}

#[test]
fn definitions_of_tables() {
    refused_statements(
        "
CREATE TABLE y (r ROW<ts TIMESTAMP(3)>, WATERMARK FOR r.ts AS r.ts) WITH ('connector' = 'datagen'); SELECT * FROM y;
  2:55 WATERMARK FOR takes a column of the table, not a field of one
  help: compute a column from the field: ts AS r.ts
CREATE TABLE y (ts TIMESTAMP(3), WATERMARK FOR ts AS 5) WITH ('connector' = 'datagen'); SELECT * FROM y;
  2:54 the watermark is INT NOT NULL, not a timestamp
  help: write it like ts - INTERVAL '5' SECOND
CREATE TABLE y (ts TIMESTAMP(6), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');
  2:48 an event-time column has a precision of at most 3, but 'ts' is TIMESTAMP(6)
  help: declare it TIMESTAMP(3) or TIMESTAMP_LTZ(3)
CREATE TABLE y (a INT, ts AS a + 1, WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen'); SELECT * FROM y;
  2:51 WATERMARK FOR 'ts' of type INT
  an event-time column is TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p up to 3
  help: add a column: ts_3 AS CAST(ts AS TIMESTAMP(3))
CREATE TABLE y (a INT, b AS NULL) WITH ('connector' = 'datagen'); SELECT * FROM y;
  2:29 the column 'b' is NULL, and has no type
  help: write CAST(NULL AS a type)
CREATE TABLE y (a INT, PRIMARY KEY (a, a) NOT ENFORCED) WITH ('connector' = 'datagen');
  2:37 column 'a' stands twice in the PRIMARY KEY
CREATE TABLE y (a INT, b AS a + 1, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'datagen');
  2:49 column 'b' is not physical, so it can't be in the PRIMARY KEY
CREATE TABLE y (a INT) PARTITIONED BY (b) WITH ('connector' = 'datagen');
  2:40 there is no column 'b' in the table 'y'
  help: did you mean `a`?
CREATE TABLE y (a INT, a STRING) WITH ('connector' = 'print');
  2:24 column 'a' is defined twice
CREATE TABLE y (a INT) WITH ('connector' = 'print', 'connector' = 'datagen');
  2:53 option 'connector' is given twice
CREATE TABLE y (a INT, PRIMARY KEY (a) NOT ENFORCED, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'print');
  2:54 a table has one PRIMARY KEY
CREATE TABLE y (a INT, UNIQUE (a) NOT ENFORCED) WITH ('connector' = 'print');
  2:24 UNIQUE constraints are not supported; PRIMARY KEY is
CREATE TABLE y (a DECIMAL(5, 7)) WITH ('connector' = 'print');
  2:30 the scale of a DECIMAL(5) must be between 0 and 5
CREATE TABLE y (a VARCHAR(0)) WITH ('connector' = 'print');
  2:27 a length must be at least 1
CREATE TABLE y (a RAW('a', 'b')) WITH ('connector' = 'print');
  2:19 RAW types are not supported: they need Java classes
CREATE TABLE y (a INT); SELECT * FROM y;
  2:25 table 'y' has no 'connector' option, so there is nothing to read or write
  help: one of: print, blackhole, filesystem, nexmark, datagen, jdbc, kafka, upsert-kafka
CREATE TABLE y WITH ('number-of-rows' = '5') LIKE t (INCLUDING OPTIONS);
  2:22 the table 't' has the option 'number-of-rows' already
  help: write OVERWRITING OPTIONS to replace it
",
    );
}

#[test]
fn tables_made_of_queries() {
    refused_statements(
        "
CREATE OR REPLACE TABLE u WITH ('connector' = 'print') AS SELECT id FROM u;
  2:74 REPLACE TABLE … AS a query over the table itself is not supported yet
  help: give the new table another name
CREATE TABLE y (nope) WITH ('connector' = 'print') AS SELECT id, name FROM t;
  2:17 the query has no column 'nope'
  help: it has id, name
CREATE TABLE y (id, id) WITH ('connector' = 'print') AS SELECT id, name FROM t;
  2:21 the column 'id' is named twice
CREATE TABLE y (id) WITH ('connector' = 'print') AS SELECT id, name FROM t;
  2:53 the query's column 'name' is not named
  help: name all of them, or none
CREATE TABLE y (id) WITH ('connector' = 'print');
  2:17 the column 'id' has no type
  help: only a table that is created AS a query may name columns alone
REPLACE TABLE y (id INT) WITH ('connector' = 'print');
  2:54 a table is replaced by one AS a query
  help: else drop it and create it anew
CREATE TABLE y (a INT) WITH ('connector' = 'print') LIKE t AS SELECT 1 AS a;
  2:60 CREATE TABLE … LIKE … AS SELECT is not supported yet
  help: create the table, then INSERT INTO it
CREATE VIEW w (a, b) AS SELECT 1;
  2:25 the view default_catalog.default_database.w names 2 columns, but its query has 1
CREATE VIEW w AS SELECT 1, 1 AS `EXPR$0`;
  2:18 the view default_catalog.default_database.w has two columns 'EXPR$0'
  help: give one of them another name with AS
",
    );
}

#[test]
fn what_can_not_be_altered() {
    refused_statements(
        "
ALTER TABLE v SET ('a' = 'b');
  2:13 'v' is a view
  help: write ALTER VIEW
ALTER VIEW t AS SELECT 1 AS a;
  2:12 't' is a table
  help: write ALTER TABLE
CREATE TEMPORARY TABLE y (a INT) WITH ('connector' = 'print'); ALTER TABLE y SET ('a' = 'b');
  2:76 the table 'y' is temporary, and can't be altered
  help: drop it and create it anew: DROP TEMPORARY TABLE y
ALTER TABLE t ADD id INT;
  2:19 the table 't' has a column 'id' already
  help: write MODIFY to change it
ALTER TABLE t ADD WATERMARK FOR ts AS ts;
  2:33 the table 't' has a watermark already
  help: write MODIFY WATERMARK to change it
ALTER TABLE rates ADD PRIMARY KEY (cur) NOT ENFORCED;
  2:23 the table 'rates' has a PRIMARY KEY already
  help: write MODIFY PRIMARY KEY to change it
ALTER TABLE u MODIFY WATERMARK FOR ts AS ts;
  2:36 the table 'u' has no watermark
  help: write ADD WATERMARK
ALTER TABLE u MODIFY PRIMARY KEY (id) NOT ENFORCED;
  2:22 the table 'u' has no PRIMARY KEY
  help: write ADD PRIMARY KEY
ALTER TABLE u MODIFY nope INT;
  2:22 there is no column 'nope' in the table 'u'
ALTER TABLE u DROP WATERMARK;
  2:13 the table 'u' has no watermark
ALTER TABLE u DROP PRIMARY KEY;
  2:13 the table 'u' has no PRIMARY KEY
ALTER TABLE rates DROP cur;
  2:24 column 'cur' can't be dropped: it is part of the PRIMARY KEY
ALTER TABLE t DROP ts;
  2:20 column 'ts' can't be dropped: the watermark needs it
ALTER TABLE d DROP name;
  2:20 column 'name' can't be dropped: the computed column 'up' needs it
ALTER TABLE t RESET ('connector');
  2:22 the option 'connector' can't be reset
",
    );
}

#[test]
fn functions_of_users() {
    refused_statements(
        "
CREATE FUNCTION f(a INT) RETURNS INT AS 'f(a)'; SELECT f(1);
  2:42 in the text of the function f: the function f calls itself
  f → f
  help: the text of a function is put in its place, so it can't be recursive
CREATE FUNCTION f(a INT) RETURNS INT NOT NULL AS 'a';
  2:51 the function f is declared to give INT NOT NULL, but its text may be NULL
  help: declare the parameters NOT NULL, or use COALESCE
CREATE FUNCTION f(a INT NOT NULL) RETURNS INT AS 'a'; SELECT f(id) FROM t;
  2:62 f cannot be applied to (INT)
  'a' may not be NULL; it is declared as f(a INT NOT NULL) RETURNS INT
  help: COALESCE(x, …) gives a value that is never NULL
CREATE FUNCTION f(a INT) RETURNS INT AS 'a'; SELECT f(name) FROM t;
  2:53 f cannot be applied to (STRING)
  'a' takes INT, not STRING; it is declared as f(a INT) RETURNS INT
  help: CAST(… AS INT) where that is what is meant
CREATE FUNCTION f(a INT) RETURNS INT AS 'a'; SELECT f(1, 2) FROM t;
  2:53 f cannot be applied to (INT NOT NULL, INT NOT NULL)
  it takes 1 argument, not 2; it is declared as f(a INT) RETURNS INT
CREATE FUNCTION f(a INT) RETURNS INT AS 'a'; SELECT * FROM t, LATERAL TABLE(f(id)) AS x (y);
  2:77 f is no table function: it gives a value
  it is declared as f(a INT) RETURNS INT
  help: call it where a value stands: SELECT f(…) FROM t
CREATE FUNCTION f(a INT) RETURNS STRING AS 'a';
  2:45 the function f is declared to give STRING, but its text gives INT
  help: write RETURNS INT, or CAST(… AS STRING)
CREATE FUNCTION f(a INT) RETURNS TABLE(x INT) AS 'a';
  2:17 the function f in SQL with RETURNS TABLE is not supported yet
  help: write a view, or a table function as a WebAssembly component
CREATE FUNCTION f AS 'com.example.F';
  2:22 a function in Java is not supported yet
  there is no Java or Python here to run it
  help: write an expression: CREATE FUNCTION f(x INT) RETURNS INT AS 'x + 1'
CREATE FUNCTION f AS 'f.py' LANGUAGE PYTHON;
  2:38 a function in Python is not supported yet
  there is no Java or Python here to run it
  help: write an expression: CREATE FUNCTION f(x INT) RETURNS INT AS 'x + 1'
CREATE FUNCTION f AS 'f.rb' LANGUAGE RUBY;
  2:38 there is no language RUBY for functions
  help: SQL (expressions) and WASM (WebAssembly components) are there
CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE SQL;
  2:17 the function f has no AS '…'
  help: behind AS stands the expression, in single quotes
CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE WASM;
  2:17 the function f has no AS '…'
  help: behind AS stands the component's file, in single quotes: 'file.wasm' or 'file.wasm#export'
CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE WASM AS '#x';
  2:55 '#x' names no component's file
  help: write 'file.wasm', or 'file.wasm#export'
CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE WASM AS 'http://x/y.wasm';
  2:55 a component in the file system 'http' is not supported yet
  help: use a path on this machine, with or without file://
CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE WASM AS 'x' USING JAR 'a.jar';
  2:69 USING JAR belongs to functions in Java
  help: a component is a file: USING FILE 'file.wasm'
CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE WASM AS 'x' USING FILE 'a.wasm', FILE 'b.wasm';
  2:85 a function in WASM is of one file
CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE WASM AS 'nope.wasm';
  2:55 there is no file 'nope.wasm'
  the job was started in 
CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE WASM AS 'x.csv';
  2:55 'x.csv' is no WebAssembly component
  help: a component is a binary file, as wasm-tools or cargo component write it
CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE WASM AS '.';
  2:55 '.' is a folder, not a component's file
CREATE TEMPORARY FUNCTION f(a INT) RETURNS INT AS 'a'; DROP FUNCTION f;
  2:70 there is no such function 'f'
  help: there is one of another kind: DROP TEMPORARY FUNCTION f
",
    );
}

#[test]
fn what_is_no_statement() {
    refused_statements(
        "
FROBNICATE t;
  2:1 'FROBNICATE' begins no statement
  help: statements begin with SELECT, WITH, VALUES, INSERT, CREATE, DROP, ALTER, USE, LOAD, UNLOAD, SET, RESET, SHOW, DESCRIBE, DESC, EXPLAIN, EXECUTE, BEGIN, STATEMENT
MERGE INTO t USING u ON t.id = u.id;
  2:1 MERGE is not supported yet
EXPLAIN DROP TABLE t;
  2:9 only a query, an INSERT, a statement set or a table created AS a query can be explained
EXPLAIN CREATE TABLE n (x INT) WITH ('connector' = 'blackhole');
  2:9 only a query, an INSERT, a statement set or a table created AS a query can be explained
BEGIN STATEMENT SET; SELECT 1; END;
  2:22 a statement set holds only INSERT statements, found 'SELECT'
BEGIN STATEMENT SET; INSERT INTO sink SELECT 1, 'a';
  2:53 expected END of the statement set, found the end of the statement
BEGIN STATEMENT SET; END;
  2:22 the statement set has no INSERT
SHOW CREATE FUNCTION f;
  2:13 expected TABLE, VIEW or CATALOG, found 'FUNCTION'
USE MODULES hive;
  2:13 there is no module 'hive'
  help: core is the only one, the built-in functions
SET 'parallelism.default' = '0';
  2:29 '0' is no value for option 'parallelism.default': it goes from 1 to 32768
SET 'table.exec.state.ttl' = '-1 s';
  2:30 '-1 s' is no value for option 'table.exec.state.ttl'
  expected: Duration
  help: write it like '500 ms', '5 s', '1 min'
",
    );
}

#[test]
fn what_is_written() {
    refused_statements(
        "
INSERT INTO d (id, up) SELECT id, name FROM t;
  2:20 column 'up' can't be written
  it is computed, or VIRTUAL metadata
  help: leave it out of the columns behind INSERT INTO
INSERT INTO sink PARTITION (id = 1) SELECT name FROM t;
  2:29 column 'id' of 'sink' is no partition
  the table has no PARTITIONED BY
INSERT OVERWRITE sink SELECT id, name FROM t;
  2:18 table 'sink' can't be overwritten: the connector 'blackhole' only adds rows
  help: write INSERT INTO; delete what is there first, if it has to go
INSERT INTO t (id) SELECT 1;
  2:13 table 't' can't be written: the connector 'datagen' only generates
SELECT * FROM sink;
  - table 'sink' can't be read: the connector 'blackhole' only forgets
CREATE TABLE y (a INT) WITH ('connector' = 'print'); SELECT * FROM y;
  2:54 table 'y' can't be read: the connector 'print' only writes
CREATE TABLE y (event_type INT) WITH ('connector' = 'nexmark'); INSERT INTO y SELECT 1;
  2:77 table 'y' can't be written: the connector 'nexmark' only generates
CREATE TABLE y (a INT) WITH ('connector' = 'filesystem', 'path' = 'x.csv', 'format' = 'csv', 'on-error' = 'sink'); SELECT * FROM y;
  2:107 the dead-letter table 'sink' has a column 'id'
  a dead letter has: record BYTES NOT NULL, reason STRING NOT NULL, source STRING NOT NULL
CREATE TABLE y (a INT) WITH ('connector' = 'filesystem', 'path' = 'x.csv', 'format' = 'csv', 'on-error' = 'nope'); SELECT * FROM y;
  2:107 'on-error': there is no table or view 'nope'
CREATE TABLE y (id INT, n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json'); INSERT INTO y SELECT id, COUNT(*) FROM t GROUP BY id;
  2:117 the table 'y' takes only new rows, but the query updates or deletes some
  help: write to a table of a connector that takes changes, or aggregate within windows
SET 'table.exec.emit.early-fire.enabled' = 'true'; SELECT COUNT(*) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);
  2:44 'table.exec.emit.early-fire.enabled' is true, but there is no delay
  help: SET 'table.exec.emit.early-fire.delay' = '10 s'; 0 is with each row
SET 'table.exec.emit.late-fire.enabled' = 'true'; SET 'table.exec.emit.late-fire.delay' = '10 min'; SET 'table.exec.emit.allow-lateness' = '1 min'; SELECT COUNT(*) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);
  2:91 'table.exec.emit.late-fire.delay' is longer than the lateness that is allowed
  a delay of 600000 ms, a lateness of 60000 ms
  help: what a window has not said when it is forgotten is lost: make the delay shorter, or the lateness longer
",
    );
}

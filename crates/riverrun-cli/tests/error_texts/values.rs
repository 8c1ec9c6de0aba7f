//! Literals, functions and types, and values that fail a query while it runs.

use super::*;

/// That a query of each of these expressions fails while it runs.
#[track_caller]
fn values_fail(text: &str) {
    for (expression, mut said) in cases(text) {
        said.push("--> f.sql:2:1\n");
        fails("run", &format!("SELECT {expression};"), 1, expression, &said);
    }
}

#[test]
fn tokens_and_literals() {
    refused_statements(
        r#"
SELECT "name" FROM t;
  2:8 double quotes are neither for strings nor for names
  help: write 'name' for a string, `name` for a name
SELECT "kafka://x";
  2:8 double quotes are neither for strings nor for names
  help: write 'kafka://x' for a string, `kafka://x` for a name
SELECT `abc FROM t;
  2:8 a name has no closing back-quote
SELECT x'abc';
  2:8 x'abc' is no binary literal
  it takes pairs of hexadecimal digits
SELECT ?;
  2:8 ? is no literal of Flink SQL
SELECT TIMESTAMP '9999-12-31 23:59:59.123456789';
  2:18 '9999-12-31 23:59:59.123456789' is out of range for TIMESTAMP(9)
SELECT INTERVAL name DAY FROM t;
  2:17 there is no operator STRING * INTERVAL SECOND(3)
SELECT 'a' 'b';
  2:12 expected an operator, a name or the end of the expression, found 'b'
  help: a string goes on in another one only if that begins in the next line
SELECT id AS 'x' FROM t;
  2:14 expected an operator, a name or the end of the expression, found 'x'
  help: a name is written in back-quotes: `x`
SELECT id FROM t 'x';
  2:16 expected a name for this table, found 'x'
SELECT '#263A' UESCAPE '#';
  2:16 UESCAPE belongs to a string with Unicode escapes
  help: write it like U&'#263A' UESCAPE '#'
SELECT U&'a' UESCAPE 'ab';
  2:22 'ab' is no escape character for UESCAPE
SELECT U&'\0G00';
  2:10 '\0G00' has an escape that is no character
  help: write it as \ and four hexadecimal digits, the character \ itself twice
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
SELECT ROW(1, 2)[3];
  2:8 ROW<`EXPR$0` INT NOT NULL, `EXPR$1` INT NOT NULL> NOT NULL has no field at this index
  help: an index of a ROW is a constant, here from 1 to 2; by its name a field is row.name
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
    values_fail(text);
}

#[test]
fn literals_that_are_none() {
    refused_statements(
        "
SELECT 1234567890123456789012345678901234567890;
  2:8 the number 1234567890123456789012345678901234567890 has 40 digits
  DECIMAL holds at most 38 digits
SELECT DATE X'ab';
  2:13 a literal's value is a string in single quotes
  help: write it like DATE '2024-03-15'
SELECT DATE '2024-13-01';
  2:13 '2024-13-01' is no DATE
  expected: yyyy-MM-dd
SELECT TIME '25:00:00';
  2:13 '25:00:00' is no TIME
  expected: HH:mm:ss
SELECT INTERVAL '5' FORTNIGHT;
  2:21 expected the interval's unit: YEAR, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND, found 'FORTNIGHT'
SELECT INTERVAL '500' DAY;
  2:17 the interval's first field has more digits than DAY allows
  help: give the number of digits: INTERVAL '500' DAY(3)
SELECT 'abc;
  2:8 a string has no closing quote
  help: a quote within a string is written twice: 'it''s'
",
    );
}

#[test]
fn arguments_of_functions() {
    refused_statements(
        "
SELECT CAST(id AS TIMESTAMP_LTZ(3)) FROM t;
  2:13 cannot cast INT to TIMESTAMP_LTZ(3)
  help: write TO_TIMESTAMP_LTZ(number, precision): 0 for seconds, 3 for milliseconds
SELECT CAST(id AS TIMESTAMP(3)) FROM t;
  2:13 cannot cast INT to TIMESTAMP(3)
  help: write TO_TIMESTAMP(FROM_UNIXTIME(number)) for seconds since 1970
SELECT DATE_FORMAT(CAST(ts AS DATE), 'yyyy') FROM t;
  2:8 DATE_FORMAT cannot be applied to (DATE, CHAR(4) NOT NULL)
  it is written DATE_FORMAT(timestamp, pattern)
  help: CAST the date to TIMESTAMP(3)
SELECT name + name FROM t;
  2:8 cannot apply + to STRING and STRING
  help: texts are joined with ||, and become numbers by CAST
SELECT ts - ts FROM t;
  2:8 there is no operator TIMESTAMP(3) - TIMESTAMP(3)
  help: say in which unit: TIMESTAMPDIFF(SECOND, start, end), or (a - b) SECOND for an interval
SELECT FLOOR(ts TO DOW) FROM t;
  2:8 TIMESTAMP(3) can't be rounded to DOW
  help: EXTRACT(DOW FROM datetime) tells this part of it
SELECT TIMESTAMPADD(DOW, 1, ts) FROM t;
  2:8 TIMESTAMPADD takes no DOW
  help: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND and MILLISECOND are units
SELECT TIMESTAMPDIFF(DOW, ts, ts) FROM t;
  2:8 TIMESTAMPDIFF takes no DOW
  help: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND and MILLISECOND are units
SELECT TO_TIMESTAMP_LTZ(id, 10) FROM t;
  2:8 the precision 10 is not supported: it goes from 0 (seconds) to 9 (nanoseconds)
SELECT BITMAP_BUILD(tags) FROM t;
  2:8 BITMAP_BUILD cannot be applied to (ARRAY<STRING>)
  it is written BITMAP_BUILD(array)
  help: the elements are INT
SELECT MAP['a'];
  2:8 MAP cannot be applied to (CHAR(1) NOT NULL)
  it is written MAP[key, value, …]
  help: keys and values come in turns
SELECT JSON_OBJECT(KEY name VALUE 1) FROM t;
  2:8 a key of JSON_OBJECT is a text that is NOT NULL, and not STRING
SELECT JSON_VALUE(name, '$.a' RETURNING DATE) FROM t;
  2:8 JSON_VALUE cannot return DATE
  help: it returns STRING, VARCHAR(n), INTEGER, DOUBLE or BOOLEAN; CAST makes another type of it
SELECT JSON_QUERY(name, '$.a' RETURNING INT) FROM t;
  2:8 JSON_QUERY cannot return INT
  help: it returns STRING or ARRAY<STRING>
SELECT JSON_ARRAY(DATE '2024-01-01');
  2:8 DATE NOT NULL cannot be written as JSON
  help: CAST it to STRING
SELECT JSON_OBJECT('a' VALUE MAP[1, 2]);
  2:8 MAP<INT NOT NULL, INT NOT NULL> NOT NULL cannot be written as JSON
  its keys are INT NOT NULL
  help: the keys must be texts
SELECT name LIKE 'a' ESCAPE 'ab' FROM t;
  2:8 'ab' is no escape character
  help: ESCAPE takes one character
SELECT name LIKE 'a!b' ESCAPE '!' FROM t;
  2:8 the pattern 'a!b' has a wrong escape sequence at position 2
  help: an escape character is followed by a special character or by itself
SELECT name SIMILAR TO 'a[b' FROM t;
  2:8 the pattern 'a[b' is wrong at position 4
  a '[' is not closed
SELECT name SIMILAR TO 'a]' FROM t;
  2:8 the pattern 'a]' is wrong at position 2
  a ']' closes nothing
SELECT name SIMILAR TO '[[x' FROM t;
  2:8 the pattern '[[x' is wrong at position 2
  a '[' within brackets begins a class like [:ALPHA:]
SELECT name IN (1, 'a', DATE '2024-01-01') FROM t;
  2:8 the values of IN: INT and CHAR(1) and DATE have no common type
  help: cast them to one type
SELECT `=`(1, 2, 3);
  2:8 = takes two operands, not 3
SELECT `NOT`(TRUE, FALSE);
  2:8 NOT takes one operand, not 2
SELECT `IN`(1);
  2:8 IN takes a value and at least one value to compare it with
SELECT `BETWEEN`(1);
  2:8 BETWEEN takes three operands, not 1
SELECT `IS DISTINCT FROM`(1);
  2:8 IS DISTINCT FROM takes two operands, not 1
SELECT `*`(1, 2, 3);
  2:8 * takes two numbers, not 3
SELECT `IS TRUE`(1, 2);
  2:8 IS TRUE takes one operand, not 2
SELECT CAST(ROW(1, 2) AS ROW<a INT, b INT>).c;
  2:45 no field 'c' in ROW<`a` INT, `b` INT> NOT NULL
  help: did you mean `a`?
",
    );
}

#[test]
fn more_values_that_fail_a_query() {
    let text = r#"
CAST('2024-99' AS DATE)
  For input string: '2024-99'.
  help: a date is written 2024-03-15
1 / 0
  / by zero
  help: NULLIF(divisor, 0) makes the quotient NULL instead
CAST(1 AS DECIMAL(5, 2)) / 0
  Division by zero
  help: NULLIF(divisor, 0) makes the quotient NULL instead
ENCODE('a', 'utf-99')
  the charset 'utf-99' is not known
  help: there are US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE and UTF-16
SHA2('a', 100)
  SHA2 has no hash of 100 bits
  help: there are 224, 256, 384 and 512
LPAD('a', 2147483647, 'b')
  LPAD to a length of 2147483647 is too long
  help: at most 268435456 is possible
REPEAT('aaaaaaaa', 2147483647)
  REPEAT of 8 bytes, 2147483647 times, is too long
  help: the result may be 268435456 bytes long at most
ROUND(CAST('NaN' AS DOUBLE), 1)
  NaN cannot be rounded
  help: NaN and the infinities have no digits: leave such rows out with CASE or WHERE
'a' LIKE n ESCAPE 'ab' FROM (VALUES ('a')) AS y (n)
  'ab' is no escape character
  help: ESCAPE takes one character
'a' LIKE n ESCAPE '!' FROM (VALUES ('a!b')) AS y (n)
  the pattern 'a!b' has a wrong escape sequence at position 2
  help: an escape character is followed by a special character or by itself
DATE_FORMAT(TIMESTAMP '2024-01-01 00:00:00', 'yyyy]')
  'yyyy]' is no date pattern: ']' without '['
  help: a pattern is written 'yyyy-MM-dd HH:mm:ss.SSS'; letters that stand for themselves are quoted: ''T''
DATE_FORMAT(TIMESTAMP '2024-01-01 00:00:00', 'yyyy{')
  'yyyy{' is no date pattern: '{' is reserved
  help: a pattern is written 'yyyy-MM-dd HH:mm:ss.SSS'; letters that stand for themselves are quoted: ''T''
DATE_FORMAT(TIMESTAMP '2024-01-01 00:00:00', 'HHH')
  'HHH' is no date pattern: there are too many 'H'
  help: a pattern is written 'yyyy-MM-dd HH:mm:ss.SSS'; letters that stand for themselves are quoted: ''T''
TO_TIMESTAMP_LTZ('abc')
  TO_TIMESTAMP_LTZ: 'abc' is no timestamp
  help: write it like 2024-03-15 13:14:15.123, or give its pattern as the second argument
PARSE_JSON('{"a": 1}')['a']['b']
  a key is asked of a VARIANT that is no object
  1
PARSE_JSON('{"a": 1}')[1]
  an index is asked of a VARIANT that is no array
  {"a":1}
STR_TO_MAP('a', ')', '=')
  the regular expression ')' is wrong
  a ')' closes nothing
STR_TO_MAP('a', '(?k)', '=')
  the regular expression '(?k)' is wrong
  '(?k' is no group
STR_TO_MAP('a', '\', '=')
  the regular expression '\' is wrong
  a backslash at the end
STR_TO_MAP('a', '\x{41', '=')
  the regular expression '\x{41' is wrong
  \x{ is not closed
STR_TO_MAP('a', '\x', '=')
  the regular expression '\x' is wrong
  \x without a hexadecimal number
STR_TO_MAP('a', '\x{110000}', '=')
  the regular expression '\x{110000}' is wrong
  U+110000 is no character
STR_TO_MAP('a', '\p{', '=')
  the regular expression '\p{' is wrong
  '\p{' is not closed
STR_TO_MAP('a', '\y', '=')
  the regular expression '\y' is wrong
  '\y' means nothing
STR_TO_MAP('a', '[a', '=')
  the regular expression '[a' is wrong
  a '[' is not closed
STR_TO_MAP('a', '(a)\1', '=')
  the regular expression '(a)\1' is wrong
  a reference back is not supported: patterns are matched in linear time
STR_TO_MAP('a', '(?=a)', '=')
  the regular expression '(?=a)' is wrong
  looking around is not supported: patterns are matched in linear time
STR_TO_MAP('a', 'a++', '=')
  the regular expression 'a++' is wrong
  a possessive quantifier is not supported: patterns are matched in linear time
JSON_VALUE('{}', '' ERROR ON ERROR)
  the JSON path '' is wrong
  an empty path, at character 1
JSON_VALUE('{}', '$x' ERROR ON ERROR)
  the JSON path '$x' is wrong
  '.' or '[' expected, at character 2
JSON_VALUE('{}', '$.a.nope()' ERROR ON ERROR)
  the JSON path '$.a.nope()' is wrong
  the function nope() is not known, at character 11
JSON_VALUE('{}', '$[1,a]' ERROR ON ERROR)
  the JSON path '$[1,a]' is wrong
  an index expected, at character 5
JSON_VALUE('{}', '$[99999999999999999999]' ERROR ON ERROR)
  the JSON path '$[99999999999999999999]' is wrong
  an index expected, at character 23
JSON_VALUE('{}', '$[?(1)]' ERROR ON ERROR)
  the JSON path '$[?(1)]' is wrong
  a comparison expected, at character 6
JSON_VALUE('{}', '$[?(@.a =~ /b)]' ERROR ON ERROR)
  the JSON path '$[?(@.a =~ /b)]' is wrong
  a pattern that is not closed, at character 16
JSON_VALUE('{}', '$[''a'',b]' ERROR ON ERROR)
  the JSON path '$['a',b]' is wrong
  a name in quotes expected, at character 7
JSON_VALUE('{}', '$[?(!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!@.a)' ERROR ON ERROR)
  the JSON path '$[?(!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!@.a)' is wrong
  a less deeply nested filter expected, at character 69
JSON_VALUE('{}', '$[?((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((@.a)' ERROR ON ERROR)
  the JSON path '$[?((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((@.a)' is wrong
  a less deeply nested filter expected, at character 69
"#;
    values_fail(text);
}

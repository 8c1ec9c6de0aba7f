//! Options of connectors and formats.

use super::*;

const READ: &str = "SELECT * FROM x;";
const WRITE: &str = "INSERT INTO x SELECT id, name FROM t;";

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
'format' = 'csv', 'sink.partition-commit.watermark-time-zone' = 'Mars'
  3:65 there is no time zone 'Mars'
  help: write it like 'UTC' or 'Europe/Berlin'
'format' = 'csv', 'partition.time-extractor.timestamp-formatter' = 'yyyy-MMM'
  3:68 'yyyy-MMM' is no value for option 'partition.time-extractor.timestamp-formatter'
  expected: letters y, M, d, H, m, s and S, and what stands between them
  help: write it like 'yyyyMMdd HH:mm'
'format' = 'csv', 'partition.time-extractor.kind' = 'custom'
  3:53 'custom' is no value for option 'partition.time-extractor.kind'
  expected: default
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
'topic' = 'a', 'scan.startup.mode' = 'latest-offset', 'properties.auto.offset.reset' = 'sooner'
  3:88 'sooner' is no value for option 'properties.auto.offset.reset'
  help: earliest, latest or none
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
fn a_database_table_without_a_name() {
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'jdbc', 'url' = 'jdbc:sqlite:x.db'",
        READ,
        "
'table-name' = ' '
  3:16 option 'table-name' is empty
  help: The table in the database; in PostgreSQL also 'schema.table'.
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
'fields.name.expression' = 'to #{Name.name'
  3:28 a '#{' in 'to #{Name.name' has no '}'
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
fn columns_that_are_generated() {
    refused_options(
        "(id INT, name STRING, price DOUBLE, small DECIMAL(5, 2), code CHAR(3), brief VARCHAR(3), tags ARRAY<INT>, moment \
         TIMESTAMP(3), bin BINARY(4)) WITH ('connector' = 'datagen'",
        READ,
        r"
'fields.tags.expression' = '#{Name.name}'
  3:28 option 'fields.tags.expression' gives text, not ARRAY<INT>
  help: leave it out for random values
'fields.id.null-rate' = '2'
  3:25 '2' is no value for option 'fields.id.null-rate'
  expected: a share from 0 to 1
'fields.id.kind' = 'sequence', 'fields.id.start' = '5', 'fields.id.end' = '2'
  3:75 '2' is no value for option 'fields.id.end'
  expected: a number that is not below the start, 5
'fields.id.min' = 'x'
  3:19 'x' is no value for option 'fields.id.min'
  expected: a whole number
'fields.price.min' = '5', 'fields.price.max' = '2'
  3:48 '2' is no value for option 'fields.price.max'
  expected: a number that is not below the least, 5
'fields.small.min' = '5000'
  3:22 '5000' is no value for option 'fields.small.min'
  expected: a number up to 1000
'fields.code.length' = '5'
  3:1 option 'fields.code.length' does not fit random values of type CHAR(3)
  help: values have the declared length; leave it out
'fields.brief.length' = '5'
  3:25 '5' is no value for option 'fields.brief.length'
  expected: at most the declared length, 3
'fields.brief.length' = '-1'
  3:25 '-1' is no value for option 'fields.brief.length'
  expected: a length
'fields.nope.min' = '1'
  3:1 option 'fields.nope.min' is of a field 'nope', which the table does not have
'number-of-rows' = '-1'
  3:20 option 'number-of-rows' must not be negative, but is -1
'fields.name.expression' = '#{Name.name'
  3:28 a '#{' in '#{Name.name' has no '}'
'fields.name.expression' = '#{number.numberBetween ''5''}'
  3:28 '#{number.numberBetween '5'}' has wrong arguments
  expected: #{number.numberBetween '1','10'}, the last one not included
'fields.name.expression' = '#{date.past ''5''}'
  3:28 '#{date.past '5'}' has wrong arguments
  expected: #{date.past '5','MINUTES'}
'fields.name.expression' = '#{regexify ''a)''}'
  3:28 'a)' is no pattern for regexify: a ')' has no '('
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
'fields.name.expression' = '#{regexify ''(a''}'
  3:28 '(a' is no pattern for regexify: a '(' has no ')'
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
'fields.name.expression' = '#{regexify ''*''}'
  3:28 '*' is no pattern for regexify: a count has nothing to repeat
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
'fields.name.expression' = '#{regexify ''[]''}'
  3:28 '[]' is no pattern for regexify: a class is empty
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
'fields.name.expression' = '#{regexify ''[^a]''}'
  3:28 '[^a]' is no pattern for regexify: classes of all other characters are not known
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
'fields.name.expression' = '#{regexify ''[z-a]''}'
  3:28 '[z-a]' is no pattern for regexify: a range of a class ends before it begins
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
'fields.name.expression' = '#{regexify ''a{x}''}'
  3:28 'a{x}' is no pattern for regexify: a count in braces is no number up to 1000
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
'fields.name.expression' = '#{regexify ''a\''}'
  3:28 'a\' is no pattern for regexify: it ends in a backslash
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
'fields.name.expression' = '#{regexify ''((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((a))))''}'
  3:28 '((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((a))))' is no pattern for regexify: its groups are nested too deeply
  help: known are literals, classes like [a-z] and \d, groups like (a|b), and the counts ? * + {n} {n,m}
",
    );
    refused_options(
        "(id INT, v VARIANT) WITH ('connector' = 'datagen'",
        READ,
        "
'number-of-rows' = '1'
  - a column of type VARIANT in a datagen table is not supported yet
",
    );
    refused_options(
        "(event_type INT) WITH ('connector' = 'nexmark'",
        READ,
        "
'base-time' = 'x'
  3:15 'x' is no value for option 'base-time'
  help: write it like '2015-07-15 00:00:00'
'first-event.rate' = '0'
  3:22 option 'first-event.rate' must be at least 1, not 0
",
    );
    refused_options(
        "(bid INT) WITH ('connector' = 'nexmark'",
        READ,
        "
'first-event.rate' = '1'
  - column 'bid' of a nexmark table is a ROW, not INT
",
    );
    refused_options(
        "(nope INT) WITH ('connector' = 'nexmark'",
        READ,
        "
'first-event.rate' = '1'
  - a nexmark table has no column 'nope'
  help: it has: event_type, person, auction, bid, dateTime
",
    );
}

#[test]
fn files_that_are_read() {
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'filesystem'",
        READ,
        "
'path' = 'x.csv'
  - option 'format' is missing for table x
  help: say how the files are written: 'format' = 'json', 'csv', 'raw', 'regex' or 'parquet'
'path' = 'nope.csv', 'format' = 'csv'
  3:10 table x: there is no file or folder nope.csv
  help: create it, or change option 'path'; the job was started in 
'path' = '/nope/nope.csv', 'format' = 'csv'
  3:10 table x: there is no file or folder /nope/nope.csv
  help: create it, or change option 'path'
'path' = '*.nope', 'format' = 'csv'
  3:10 table x: no file matches *.nope
  help: check the glob, or set 'scan.tail' or 'source.monitor-interval' to wait for files
'path' = 's3://x/y', 'format' = 'csv'
  3:10 path 's3://x/y': the file system 's3' is not supported yet
  help: use a path on this machine, with or without file://
'path' = 'x.csv', 'format' = 'csv', 'source.monitor-interval' = '0 s'
  3:65 source.monitor-interval must be more than 0
'path' = 'x.csv', 'format' = 'csv', 'scan.startup.mode' = 'latest-offset'
  3:37 'scan.startup.mode' is for files that are followed
  help: set 'scan.tail' = 'true' too, or leave it out
'path' = 'x.csv', 'format' = 'parquet', 'scan.tail' = 'true'
  - a growing file can't be read as 'parquet'
  'scan.tail' is true
  help: set 'source.monitor-interval' to read each file when it is complete
'path' = 'nope/nope.csv', 'format' = 'csv', 'scan.tail' = 'true'
  3:10 table x: there is no folder nope in which nope/nope.csv could appear
  help: create it, or change option 'path'
'path' = 'x.csv', 'format' = 'raw'
  - format 'raw' needs a table of one column, and this has 2
  columns: id INT, name STRING
  help: keep one physical column; computed and METADATA columns don't count
'path' = 'x.csv', 'format' = 'regex', 'regex.pattern' = '(?P<id>'
  3:57 regex.pattern is no regular expression
  unclosed group, in (?P<id>
  help: the syntax is that of the Rust crate regex: no look-around, no back-references
'path' = 'x.csv', 'format' = 'regex', 'regex.pattern' = '(?P<id>.*)'
  3:57 regex.pattern has no group for column `name`
  groups: id
'path' = 'x.csv', 'format' = 'regex', 'regex.pattern' = '(?P<id>.) (?P<name>.)', 'regex.timestamp-format' = '%Q'
  3:109 '%Q' is no format for times
  help: write it as for strftime: %Y-%m-%dT%H:%M:%S%.f%z
'path' = 'x.csv', 'format' = 'csv', 'csv.field-delimiter' = 'ab'
  3:61 csv.field-delimiter must be one character, and is 'ab'
",
    );
    refused_options(
        "(id INT, v VARIANT) WITH ('connector' = 'filesystem', 'path' = 'x.csv'",
        READ,
        "
'format' = 'json'
  - reading type VARIANT (column `v`) is not supported yet
  help: declare it as STRING or BYTES, and make a value of it in the query
'format' = 'parquet'
  - column `v` of type VARIANT in Parquet is not supported yet
'format' = 'csv'
  - column `v` of type VARIANT can't be read or written as CSV
  CSV has no form for values of this type
  help: use 'format' = 'json', or declare the column as STRING
",
    );
    refused_options(
        "(m MAP<INT, INT>) WITH ('connector' = 'filesystem', 'path' = 'x.csv'",
        READ,
        "
'format' = 'json'
  - the keys of a map must be strings in JSON, and MAP<INT, INT> has INT
  help: declare the key as STRING, and cast it in the query
'format' = 'raw'
  - format 'raw' can't hold type MAP<INT, INT>
  help: use STRING, BYTES, BOOLEAN or a number type
",
    );
}

#[test]
fn files_that_are_written() {
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'filesystem'",
        WRITE,
        "
'path' = 'x.csv', 'format' = 'csv'
  3:10 table x: x.csv is a file, and rows are written into a folder
  help: name a folder in option 'path'; it is made if it is not there
'path' = 'out', 'format' = 'regex', 'regex.pattern' = '(?P<id>.) (?P<name>.)'
  - format 'regex' can only be read
  help: write with 'format' = 'json', 'csv' or 'raw'
'path' = 'out', 'format' = 'csv', 'auto-compaction' = 'true'
  3:55 'auto-compaction' = 'true' is not supported yet
  help: set 'sink.rolling-policy.file-size' and '…rollover-interval' for fewer, larger files
'path' = 'out', 'format' = 'csv', 'sink.partition-commit.policy.kind' = 'metastore'
  3:73 'sink.partition-commit.policy.kind' = 'metastore' is not supported yet
  help: 'success-file' is supported, or leave the option out
'path' = 'out', 'format' = 'csv', 'sink.rolling-policy.file-size' = 'x'
  3:69 'x' is no value for option 'sink.rolling-policy.file-size'
  expected: MemorySize
  help: write it like '64 kb', '32 mb'
'path' = 'out', 'format' = 'csv', 'sink.parallelism' = '0'
  3:56 '0' is no value for option 'sink.parallelism'
  expected: a number of workers, 1 or more
",
    );
    refused_options(
        "(id INT, name STRING) PARTITIONED BY (id, name) WITH ('connector' = 'filesystem'",
        WRITE,
        "
'path' = 'out', 'format' = 'csv'
  - all columns of table x are in PARTITIONED BY
  help: a file needs at least one column of its own
",
    );
    refused_options(
        "(id INT, a ARRAY<INT>) PARTITIONED BY (a) WITH ('connector' = 'filesystem'",
        "INSERT INTO x SELECT id, ARRAY[1] FROM t;",
        "
'path' = 'out', 'format' = 'json'
  - column `a` of type ARRAY<INT> can't be in PARTITIONED BY
  help: its values name folders: use columns of texts, numbers, dates and times
",
    );
    refused_options(
        "(id INT, b BITMAP) WITH ('connector' = 'filesystem', 'path' = 'out'",
        "INSERT INTO x SELECT id, BITMAP_BUILD(ARRAY[id]) FROM t;",
        "
'format' = 'json'
  - writing type BITMAP as JSON is not supported yet
'format' = 'parquet'
  - column `b` of type BITMAP in Parquet is not supported yet
'format' = 'csv'
  - column `b` of type BITMAP can't be read or written as CSV
  CSV has no form for values of this type
  help: use 'format' = 'json', or declare the column as STRING
",
    );
}

#[test]
fn keys_formats_and_offsets_of_kafka() {
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'kafka', 'properties.bootstrap.servers' = \
         'localhost:1', 'topic' = 'a', 'scan.startup.mode' = 'earliest-offset'",
        READ,
        r#"
'key.format' = 'json', 'format' = 'json'
  - table 'x' has a 'key.format' but no 'key.fields'
  help: name the columns of the key: 'key.fields' = 'a;b'
'key.fields' = 'id', 'format' = 'json'
  - table 'x' has 'key.fields' but no 'key.format'
  help: name the format of the key: 'key.format' = 'json'
'key.fields' = 'nmae', 'key.format' = 'json', 'format' = 'json'
  3:16 'key.fields' of table 'x' names 'nmae', which is no column
  help: did you mean `name`?
'key.fields' = 'id', 'key.format' = 'json', 'key.fields-prefix' = 'i', 'format' = 'json'
  3:45 'key.fields-prefix' does not go with 'value.fields-include' = 'ALL'
  help: set 'value.fields-include' = 'EXCEPT_KEY'
'key.fields' = 'id', 'key.format' = 'json', 'key.fields-prefix' = 'k_', 'value.fields-include' = 'EXCEPT_KEY', 'format' = 'json'
  - column 'id' of the key does not begin with 'k_'
  help: every column in 'key.fields' has the prefix of 'key.fields-prefix'
'properties.group.id' = 'g'
  - table 'x' has no format
  help: name one: 'format' = 'json' (or csv, raw, …)
'format' = 'parquet'
  - there is no format 'parquet' for records
  help: one of: canal-json, debezium-json, maxwell-json, ogg-json, csv, json, raw, regex
'format' = 'json', 'properties.ssl.truststore.location' = 'x'
  3:20 'properties.ssl.truststore.location': Java key stores can't be read
  help: give PEM files: 'properties.ssl.ca.location', 'properties.ssl.certificate.location', 'properties.ssl.key.location'
'format' = 'json', 'properties.acks' = 'x'
  - 'properties.acks' = 'x': Invalid value for configuration property "request.required.acks"
  help: see librdkafka's configuration properties for names and values
'format' = 'json', 'scan.bounded.mode' = 'specific-offsets'
  3:42 option 'scan.bounded.specific-offsets' is missing: mode 'specific-offsets' needs it
  help: For 'specific-offsets': the first offset of each partition that is not read.
'format' = 'json', 'scan.bounded.mode' = 'specific-offsets', 'scan.bounded.specific-offsets' = 'x'
  3:96 'x' is no value for option 'scan.bounded.specific-offsets'
  help: write it like 'partition:0,offset:42;partition:1,offset:300'
"#,
    );
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'kafka', 'properties.bootstrap.servers' = 'localhost:1'",
        WRITE,
        "
'format' = 'json', 'topic-pattern' = 'a.*'
  - table 'x' is written, so it needs exactly one 'topic'
  help: name one topic in 'topic', and leave 'topic-pattern' out
'format' = 'json', 'topic' = 'a;b'
  - table 'x' is written, so it needs exactly one 'topic'
  help: name one topic in 'topic', and leave 'topic-pattern' out
",
    );
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'upsert-kafka', 'properties.bootstrap.servers' = \
         'localhost:1', 'topic' = 'a', 'key.format' = 'json'",
        WRITE,
        "
'value.format' = 'json'
  - table 'x' of the connector 'upsert-kafka' has no PRIMARY KEY
  the key is what a record's key holds, and what tells which row it is the new version of
  help: add PRIMARY KEY (…) NOT ENFORCED to the table
",
    );
    refused_options(
        "(id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'upsert-kafka', \
         'properties.bootstrap.servers' = 'localhost:1', 'topic' = 'a', 'key.format' = 'json'",
        READ,
        "
'value.format' = 'debezium-json'
  - 'debezium-json' can't be the value's format of 'upsert-kafka'
  its records say by themselves what they change
  help: read it with the connector 'kafka'
",
    );
}

#[test]
fn scans_and_caches_of_databases() {
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'jdbc', 'table-name' = 'x'",
        READ,
        "
'url' = 'jdbc:mysql://localhost:1/x'
  3:9 there is no client for databases of kind 'mysql'
  help: The database: 'jdbc:postgresql://host:5432/name?sslmode=require' or 'jdbc:sqlite:/path/to/file'.
'url' = 'jdbc:postgresql://localhost:1/x?sslmode=x'
  3:9 'sslmode=x' is no mode
  help: disable, allow, prefer, require, verify-ca, verify-full
'url' = 'jdbc:sqlite:x.db', 'scan.partition.column' = 'id'
  3:29 option 'scan.partition.num' is missing for table 'x'
  help: the four options 'scan.partition.*' go together
'url' = 'jdbc:sqlite:x.db', 'scan.partition.num' = '2', 'scan.partition.lower-bound' = '1', 'scan.partition.upper-bound' = '5', 'scan.partition.column' = 'name'
  3:155 'scan.partition.column' names `name`, which is STRING
  help: a scan is cut by a column of whole numbers
'url' = 'jdbc:sqlite:x.db', 'scan.partition.num' = '2', 'scan.partition.column' = 'id', 'scan.partition.lower-bound' = '10', 'scan.partition.upper-bound' = '5'
  3:157 there is nothing to read from 10 to 5 in 2 parts
  help: 'scan.partition.lower-bound' is at most the upper bound, and 'scan.partition.num' at least 1
",
    );
    refused_options(
        "(id INT, name STRING) WITH ('connector' = 'jdbc', 'table-name' = 'x', 'lookup.cache' = 'FULL', \
         'lookup.full-cache.reload-strategy' = 'TIMED'",
        "SELECT o.id FROM o JOIN x FOR SYSTEM_TIME AS OF o.pt ON o.id = x.id;",
        "
'url' = 'jdbc:sqlite:x.db'
  - 'lookup.full-cache.reload-strategy' = 'TIMED' needs 'lookup.full-cache.timed-reload.iso-time'
  help: 'lookup.full-cache.timed-reload.iso-time' = '03:00'
'lookup.full-cache.timed-reload.iso-time' = 'x', 'url' = 'jdbc:sqlite:x.db'
  3:45 'lookup.full-cache.timed-reload.iso-time' = 'x': it is no time of the day
  help: write it like 10:15, 10:15Z or 10:15+07:00
'lookup.full-cache.timed-reload.interval-in-days' = '0', 'lookup.full-cache.timed-reload.iso-time' = '10:15', 'url' = 'jdbc:sqlite:x.db'
  3:53 'lookup.full-cache.timed-reload.interval-in-days' = '0': it must be at least 1
",
    );
    refused_options(
        "(id INT, name ROW<a INT>) WITH ('connector' = 'jdbc'",
        "INSERT INTO x SELECT id, ROW(1) FROM t;",
        "
'url' = 'jdbc:sqlite:x.db', 'table-name' = 'x'
  - table 'x': a database can't hold `name` ROW<`a` INT>
  help: write it as text: JSON_STRING(…), or CAST(… AS STRING)
",
    );
}

# Cases without a server: the whole matrices of failpoints over files and SQLite. Some cells of them are in `make test`.

local_missing() { [ "${MATRIX:-}" = all ] && return 1; echo "some cells are in 'make test', all of them in 'make chaos'"; }
local_start() { :; }
local_stop() { :; }

local_case_matrix_of_failpoints_over_files() {
  { numbers_source 2000 1
    echo "CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '$dir/files', 'format' = 'csv');"
    echo "CREATE TABLE sums (k BIGINT, n BIGINT) WITH ('connector' = 'filesystem', 'path' = '$dir/sums', 'format' = 'debezium-json');"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO files SELECT id FROM numbers; INSERT INTO sums SELECT MOD(id, 40), COUNT(*) FROM numbers GROUP BY MOD(id, 40); END;"
  } >"$dir/files.sql"
  matrix "$dir/files.sql"
}

local_case_matrix_of_failpoints_over_sqlite() {
  local url="'connector' = 'jdbc', 'url' = 'jdbc:sqlite:$dir/base.db', 'sink.delivery-guarantee' = 'exactly-once'"
  sqlite_tables "CREATE TABLE plain (id INTEGER); CREATE TABLE sums (k INTEGER PRIMARY KEY, n INTEGER)"
  { numbers_source 2000 1
    echo "CREATE TABLE plain (id BIGINT) WITH ($url, 'table-name' = 'plain');"
    echo "CREATE TABLE sums (k BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ($url, 'table-name' = 'sums');"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO plain SELECT id FROM numbers; INSERT INTO sums SELECT MOD(id, 40), COUNT(*) FROM numbers GROUP BY MOD(id, 40); END;"
  } >"$dir/sqlite.sql"
  matrix "$dir/sqlite.sql"
}

# sqlite_tables SQL: a database in $dir/base.db.
sqlite_tables() { python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])' "$dir/base.db" "$1"; }

# PostgreSQL from the distribution's package as an unprivileged server in a temporary folder, and the cases that run
# against it.
PG_PORT=15439
PG_DIR=""

postgres_bin() { ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -V | tail -1; }

# Says what is missing; succeeds if something is.
postgres_missing() {
  [ -n "$(postgres_bin)" ] || { echo "PostgreSQL's server is not installed (package postgresql)"; return 0; }
  command -v psql >/dev/null || { echo "psql is not installed (package postgresql-client)"; return 0; }
  [ "$(id -u)" != 0 ] || id nobody >/dev/null 2>&1 || { echo "the server must not run as root, and there is no user nobody"; return 0; }
  return 1
}

# The server refuses to run as root.
postgres_as() { if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi; }

postgres_start() {
  PG_DIR=$(mktemp -d /tmp/riverrun-pg.XXXXXX)
  [ "$(id -u)" != 0 ] || chown nobody "$PG_DIR"
  chmod 755 "$PG_DIR"
  postgres_as "$(postgres_bin)/initdb" -D "$PG_DIR/data" -U postgres -A trust --no-sync --locale=C.UTF-8 >/dev/null || return 1
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout "$PG_DIR/server.key" -out "$PG_DIR/server.crt" 2>/dev/null || return 1
  [ "$(id -u)" != 0 ] || chown nobody "$PG_DIR/server.key"
  chmod 600 "$PG_DIR/server.key"; chmod 644 "$PG_DIR/server.crt"
  postgres_as tee -a "$PG_DIR/data/postgresql.conf" >/dev/null <<P
listen_addresses = 'localhost'
port = $PG_PORT
unix_socket_directories = '$PG_DIR'
shared_buffers = 32MB
max_connections = 100
fsync = off
ssl = on
ssl_cert_file = '$PG_DIR/server.crt'
ssl_key_file = '$PG_DIR/server.key'
P
  postgres_up
}
postgres_up() { postgres_as "$(postgres_bin)/pg_ctl" -D "$PG_DIR/data" -l "$PG_DIR/log" -w -t 60 start >/dev/null; }
# A mode of pg_ctl: fast, or immediate for a crash.
postgres_down() { postgres_as "$(postgres_bin)/pg_ctl" -D "$PG_DIR/data" -m "${1:-fast}" -w -t 60 stop >/dev/null; }
postgres_stop() { [ -z "$PG_DIR" ] || { postgres_down immediate 2>/dev/null; rm -rf "$PG_DIR"; PG_DIR=""; }; }
psql_() { psql -h localhost -p $PG_PORT -U postgres -v ON_ERROR_STOP=1 -XAtq "$@"; }

# pg_table NAME COLUMNS OPTIONS: a table of Riverrun's over the database's table of the same name.
pg_table() {
  echo "CREATE TABLE $1 ($2) WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://localhost:$PG_PORT/postgres', 'username' = 'postgres', 'table-name' = '$1' ${3:-});"
}

postgres_case_rows_are_appended_and_read_back() {
  psql_ -c "CREATE TABLE back (id INT, word VARCHAR(20))"
  { pg_table back "id INT, word STRING"
    echo "CREATE TABLE numbers (id INT, word STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '5000', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '5000', 'fields.word.length' = '8');"
    echo "INSERT INTO back SELECT id, CONCAT('w', CAST(id AS STRING), '\\t\\\\') FROM numbers;"; } >"$dir/write.sql"
  riverrun run "$dir/write.sql" -p 2
  equal "5000 5000 12502500" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id), sum(id) FROM back')" "in the database"
  { pg_table back "id INT, word STRING" ", 'scan.partition.column' = 'id', 'scan.partition.num' = '7', 'scan.partition.lower-bound' = '1', 'scan.partition.upper-bound' = '5000'"
    echo "SELECT id FROM back;"; } >"$dir/read.sql"
  equal "$(seq -s' ' 1 5000)" "$(riverrun run "$dir/read.sql" --output csv -p 3 | tail -n +2 | sort -n | paste -sd' ')" "read back by three workers"
}

postgres_case_values_of_every_type() {
  psql_ <<'P'
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE types (b BOOL, s SMALLINT, i INT, l BIGINT, f REAL, d DOUBLE PRECISION, n NUMERIC(20, 4), t TEXT, c CHAR(5), y BYTEA,
  dy DATE, tm TIME(3), at TIMESTAMP(6), z TIMESTAMPTZ(3), ia INT[], ta TEXT[], u UUID, j JSONB, m MOOD);
INSERT INTO types VALUES (true, -1, 2, 9223372036854775807, 1.5, 'NaN', 123.4567, E'tab\t back\\ line\n', 'ab', '\x00ff', '2024-02-29', '23:59:59.999',
  '2024-02-29 12:00:00.123456', '2024-02-29 12:00:00.5+02', '{1,NULL}', '{"a b",NULL,"c\"d"}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"k": 1}', 'good');
INSERT INTO types DEFAULT VALUES;
CREATE TABLE types_too (LIKE types);
CREATE TABLE types_keyed (LIKE types, id INT PRIMARY KEY);
P
  local columns="b BOOLEAN, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, n DECIMAL(20, 4), t STRING, c CHAR(5), y BYTES, dy DATE, tm TIME(3), \`at\` TIMESTAMP(6), z TIMESTAMP_LTZ(3), ia ARRAY<INT>, ta ARRAY<STRING>, u STRING, j STRING, m STRING"
  { pg_table types "$columns"; pg_table types_too "$columns"; pg_table types_keyed "$columns, id INT, PRIMARY KEY (id) NOT ENFORCED"
    echo "INSERT INTO types_too SELECT * FROM types;"; echo "INSERT INTO types_keyed SELECT *, COALESCE(i, 0) FROM types;"; } >"$dir/copy.sql"
  riverrun run "$dir/copy.sql"
  equal "0" "$(psql_ -c 'SELECT count(*) FROM (SELECT types::text FROM types EXCEPT ALL SELECT types_too::text FROM types_too) x')" "by COPY"
  equal "2" "$(psql_ -c 'SELECT count(*) FROM types_keyed k JOIN types t ON ROW(t.*)::text = ROW(k.b, k.s, k.i, k.l, k.f, k.d, k.n, k.t, k.c, k.y, k.dy, k.tm, k.at, k.z, k.ia, k.ta, k.u, k.j, k.m)::text')" "by upserts"
}

postgres_case_upserts_by_key() {
  psql_ -c "CREATE TABLE totals (word TEXT PRIMARY KEY, n BIGINT); INSERT INTO totals VALUES ('a', 100), ('z', 1)"
  { pg_table totals "word STRING, n BIGINT, PRIMARY KEY (word) NOT ENFORCED"
    echo "INSERT INTO totals VALUES ('a', 1), ('b', 2), ('a', 3);"; } >"$dir/upsert.sql"
  riverrun run "$dir/upsert.sql"
  equal "a 3,b 2,z 1" "$(psql_ -F' ' -c 'SELECT * FROM totals ORDER BY word' | paste -sd,)" "rows"
}

postgres_case_errors_say_what_to_do() {
  psql_ -c "CREATE TABLE wrong (id BIGINT NOT NULL, at TIMESTAMPTZ)"
  { pg_table wrong "id INT, \`at\` TIMESTAMP(3), missing INT"; echo "SELECT * FROM wrong;"; } >"$dir/wrong.sql"
  local text; text=$(riverrun run "$dir/wrong.sql" 2>&1) && fail "a wrong schema was no error"
  [[ $text == *"no \`missing\` in it"* && $text == *"\`id\` is INT here and bigint there"* && $text == *"TIMESTAMP(3) here and timestamp(6) with time zone there"* || $text == *"\`at\` is TIMESTAMP(3) here and timestamp with time zone there"* ]] || fail "$text"
  { pg_table wrong "id BIGINT"; echo "INSERT INTO wrong VALUES (CAST(NULL AS BIGINT));"; } >"$dir/null.sql"
  text=$(riverrun run "$dir/null.sql" 2>&1) && fail "a null was no error"
  [[ $text == *"null value in column \"id\" of relation \"wrong\" violates not-null constraint"* ]] || fail "$text"
  { pg_table wrong "id BIGINT, PRIMARY KEY (id) NOT ENFORCED"; echo "INSERT INTO wrong VALUES (1);"; } >"$dir/key.sql"
  text=$(riverrun run "$dir/key.sql" 2>&1) && fail "a missing key was no error"
  [[ $text == *"CREATE UNIQUE INDEX wrong_key ON wrong (id)"* ]] || fail "$text"
  sed "s/:$PG_PORT/:1/" "$dir/key.sql" >"$dir/server.sql"
  text=$(riverrun run "$dir/server.sql" 2>&1) && fail "a missing server was no error"
  [[ $text == *"cannot connect to PostgreSQL at localhost:1/postgres"* ]] || fail "$text"
}

postgres_case_tls() {
  psql_ -c "CREATE TABLE secure (ssl BOOL); CREATE VIEW using_ssl AS SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
  read_over() { pg_table using_ssl "ssl BOOLEAN" | sed "s|/postgres'|/postgres?${1/&/\\&}'|" >"$dir/tls.sql"; echo "SELECT ssl FROM using_ssl;" >>"$dir/tls.sql"; riverrun run "$dir/tls.sql" --output csv 2>&1 | tail -1; }
  equal "false" "$(read_over sslmode=disable)" "without"
  equal "true" "$(read_over sslmode=require)" "encrypted"
  equal "true" "$(read_over "sslmode=verify-full&sslrootcert=$PG_DIR/server.crt")" "verified"
  local text; text=$(read_over sslmode=verify-full) && [[ $text == true ]] && fail "an unknown certificate was trusted"
  return 0
}

postgres_case_a_restarted_server_is_waited_for() {
  psql_ -c "CREATE TABLE waits (id BIGINT PRIMARY KEY)"
  { pg_table waits "id BIGINT, PRIMARY KEY (id) NOT ENFORCED"
    echo "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '400', 'number-of-rows' = '2000', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '2000');"
    echo "INSERT INTO waits SELECT id FROM numbers;"; } >"$dir/waits.sql"
  "$RIVERRUN" run "$dir/waits.sql" >"$dir/out" 2>&1 &
  local pid=$!
  sleep 1.5; postgres_down immediate; sleep 1; postgres_up
  wait $pid || { cat "$dir/out"; return 1; }
  equal "2000" "$(psql_ -c 'SELECT count(*) FROM waits')" "rows"
}

exactly=", 'sink.delivery-guarantee' = 'exactly-once'"

postgres_case_exactly_once_through_kills() {
  psql_ -c "CREATE TABLE once (id BIGINT); CREATE TABLE sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  { numbers_source 6000 5; pg_table once "id BIGINT" "$exactly"; pg_table sums "k BIGINT, n BIGINT, total BIGINT, PRIMARY KEY (k) NOT ENFORCED" "$exactly"
    echo "CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '$dir/files', 'format' = 'csv');"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO once SELECT id FROM numbers; INSERT INTO sums SELECT MOD(id, 40), COUNT(*), SUM(id) FROM numbers GROUP BY MOD(id, 40); INSERT INTO files SELECT id FROM numbers; END;"
  } >"$dir/once.sql"
  crash_run "$dir/once.sql" 6
  equal "6000 6000 18003000" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id), sum(id) FROM once')" "new rows"
  equal "40 6000 18003000" "$(psql_ -F' ' -c 'SELECT count(*), sum(n), sum(total) FROM sums')" "sums by key"
  equal "$(seq 6000 | md5sum)" "$(cat "$dir"/files/* | sort -n | md5sum)" "files"
  equal "" "$(find "$dir/files" -name '.*' -type f)" "hidden leftovers"
}

postgres_case_checkpoints_complete_while_a_table_is_locked() {
  psql_ -c "CREATE TABLE locked (id BIGINT)"
  { numbers_source 4000 5; pg_table locked "id BIGINT" "$exactly"; echo "INSERT INTO locked SELECT id FROM numbers;"; } >"$dir/locked.sql"
  start_run "$dir/locked.sql" -p 2
  while [ "$(psql_ -c 'SELECT count(*) > 0 FROM locked')" = f ]; do sleep 0.05; done
  psql_ -c "BEGIN; LOCK TABLE locked; SELECT pg_sleep(3); COMMIT" >/dev/null &
  local lock=$! before; sleep 0.3; before=$(newest_checkpoint)
  sleep 2; local during=$(($(newest_checkpoint) - before))
  [ "$during" -ge 4 ] || fail "only $during checkpoints in 2 s of a locked table"
  kill_run; wait $lock
  start_run "$dir/locked.sql" -p 3; finish_run
  equal "4000 4000" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id) FROM locked')" "rows"
}

postgres_case_exactly_once_through_a_crash_of_the_server() {
  psql_ -c "CREATE TABLE server (id BIGINT)"
  { numbers_source 3000 5; pg_table server "id BIGINT" "$exactly"; echo "INSERT INTO server SELECT id FROM numbers;"; } >"$dir/server.sql"
  start_run "$dir/server.sql" -p 2
  sleep 1.5; postgres_down immediate; sleep 1; postgres_up
  finish_run
  equal "3000 3000" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id) FROM server')" "rows"
}

postgres_case_exactly_once_through_a_crash_of_the_server_in_mid_transaction() {
  psql_ -c "CREATE TABLE middle (id BIGINT)"
  { numbers_source 3000 5; pg_table middle "id BIGINT" "$exactly"; echo "INSERT INTO middle SELECT id FROM numbers;"; } >"$dir/middle.sql"
  # Rows and token are in the transaction, and it is not committed.
  armed 'stall(2s)@target-commit:6'
  start_run "$dir/middle.sql" -p 2; disarmed
  struck stall; postgres_down immediate; postgres_up
  finish_run
  equal "3000 3000" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id) FROM middle')" "rows"
}

postgres_case_a_start_that_hangs_locks_its_rows_for_some_time_only() {
  psql_ -c "CREATE TABLE hangs (k BIGINT PRIMARY KEY, n BIGINT)"
  { numbers_source 2000 4; pg_table hangs "k BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED" | sed "s|/postgres'|/postgres?options=-c%20idle_in_transaction_session_timeout%3D2000'|"
    echo "INSERT INTO hangs SELECT MOD(id, 40), COUNT(*) FROM numbers GROUP BY MOD(id, 40);"; } >"$dir/hangs.sql"
  armed 'stall(1min)@target-commit:6'
  "$RIVERRUN" run "$dir/hangs.sql" --state-dir "$dir/state" -D execution.checkpointing.interval=250ms -p 1 >"$dir/older.log" 2>&1 &
  local older=$!; disarmed
  struck stall; kill -STOP $older; rm "$dir/state/lock"
  local code=0; timeout 30 "$RIVERRUN" run "$dir/hangs.sql" --state-dir "$dir/state" -p 1 >"$dir/run.log" 2>&1 || code=$?
  kill -9 $older
  equal 0 "$code" "exit code of the next start"
  equal "40 2000" "$(psql_ -F' ' -c 'SELECT count(*), sum(n) FROM hangs')" "sums by key"
}

postgres_case_a_right_that_is_taken_away_fails_the_job_which_goes_on_when_it_is_back() {
  psql_ -c "CREATE TABLE rights (id BIGINT); CREATE ROLE clerk LOGIN; GRANT INSERT ON rights TO clerk; GRANT CREATE ON SCHEMA public TO clerk"
  { numbers_source 3000 5; pg_table rights "id BIGINT" "$exactly" | sed "s/'username' = 'postgres'/'username' = 'clerk'/"; echo "INSERT INTO rights SELECT id FROM numbers;"; } >"$dir/rights.sql"
  start_run "$dir/rights.sql" -p 2
  while [ "$(psql_ -c 'SELECT count(*) > 0 FROM rights')" = f ]; do kill -0 "$RUN" || fail "$(cat "$dir/run.log")"; sleep 0.05; done
  psql_ -c "REVOKE INSERT ON rights FROM clerk"
  if wait "$RUN"; then fail "the job did not fail"; fi
  grep -q "cannot write table 'rights': ERROR: permission denied for table rights" "$dir/run.log" || fail "$(cat "$dir/run.log")"
  psql_ -c "GRANT INSERT ON rights TO clerk"
  start_run "$dir/rights.sql" -p 1; finish_run
  equal "3000 3000" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id) FROM rights')" "rows"
}

# postgres_comes_back TABLE POINT WHEN: as come_back, over tables that get new rows and upserts.
postgres_comes_back() {
  psql_ -c "CREATE TABLE $1 (id BIGINT); CREATE TABLE $1_sums (k BIGINT PRIMARY KEY, n BIGINT)"
  { numbers_source 4000 8; pg_table "$1" "id BIGINT" "$exactly"; pg_table "$1_sums" "k BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED" "$exactly"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO $1 SELECT id FROM numbers; INSERT INTO $1_sums SELECT MOD(id, 40), COUNT(*) FROM numbers GROUP BY MOD(id, 40); END;"
  } >"$dir/back.sql"
  come_back "$dir/back.sql" "$2:6" "$3"
  equal "4000 4000" "$(psql_ -F' ' -c "SELECT count(*), count(DISTINCT id) FROM $1")" "rows"
  equal "40 4000" "$(psql_ -F' ' -c "SELECT count(*), sum(n) FROM $1_sums")" "sums by key"
}
postgres_case_an_older_start_comes_back_in_mid_transaction() { postgres_comes_back back_middle target-commit after; }
postgres_case_an_older_start_comes_back_before_it_writes() { postgres_comes_back back_before sink-write while; }

# STALL=30 is the whole proof; a shorter one shows the same.
postgres_case_a_stalled_target_holds_up_no_checkpoint() {
  local stall=${STALL:-6} rows
  rows=$((500 * (stall + 4)))
  psql_ -c "CREATE TABLE stalled (id BIGINT, nr BIGSERIAL)"
  { numbers_source $rows $((stall + 4)); pg_table stalled "id BIGINT" "$exactly"; echo "INSERT INTO stalled SELECT id FROM numbers;"; } >"$dir/stalled.sql"
  set -- "$dir/stalled.sql" -p 1 -D execution.checkpointing.num-retained=10000
  start_run "$@"
  while [ "$(psql_ -c 'SELECT count(*) > 0 FROM stalled')" = f ]; do sleep 0.05; done
  psql_ -c "BEGIN; LOCK TABLE stalled; SELECT pg_sleep($stall); COMMIT" >/dev/null &
  local lock=$!
  sleep $((stall / 2)); kill_run; start_run "$@"
  wait $lock; finish_run
  equal "$rows $rows" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id) FROM stalled')" "rows"
  equal 0 "$(psql_ -c 'SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY nr) AS before FROM stalled) AS pairs WHERE before >= id')" "rows out of order"
  checkpoints_during "$stall"
}

postgres_case_matrix_of_failpoints() {
  psql_ -c "CREATE TABLE cells (id BIGINT); CREATE TABLE cell_sums (k BIGINT PRIMARY KEY, n BIGINT)"
  { numbers_source 2000 1; pg_table cells "id BIGINT" "$exactly"; pg_table cell_sums "k BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED" "$exactly"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO cells SELECT id FROM numbers; INSERT INTO cell_sums SELECT MOD(id, 40), COUNT(*) FROM numbers GROUP BY MOD(id, 40); END;"
  } >"$dir/cells.sql"
  matrix "$dir/cells.sql"
  equal "0 0" "$(psql_ -F' ' -c 'SELECT (SELECT count(*) FROM cells), (SELECT count(*) FROM cell_sums)')" "rows in the tables that were not to be touched"
  equal "" "$(psql_ -c "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'riverrun_chaos%'")" "schemas that were left"
}

# What stands after a kill while the table was locked: rows and different rows.
killed_while_locked() {
  psql_ -c "CREATE TABLE $1 (id BIGINT)"
  { numbers_source 4000 4; pg_table "$1" "id BIGINT" ", 'sink.delivery-guarantee' = '$2'"; echo "INSERT INTO $1 SELECT id FROM numbers;"; } >"$dir/$1.sql"
  start_run "$dir/$1.sql" -p 1
  while [ "$(psql_ -c "SELECT count(*) > 0 FROM $1")" = f ]; do sleep 0.05; done
  psql_ -c "BEGIN; LOCK TABLE $1; SELECT pg_sleep(1.5); COMMIT" >/dev/null &
  local lock=$!; sleep 1.2; kill_run; wait $lock
  start_run "$dir/$1.sql" -p 1; finish_run; rm -rf "$dir/state"
  psql_ -F' ' -c "SELECT count(*), count(DISTINCT id) FROM $1"
}

postgres_case_at_least_once_loses_nothing_and_none_does() {
  local found; found=$(killed_while_locked least at-least-once)
  [ "${found#* }" = 4000 ] || fail "at-least-once: $found"
  found=$(killed_while_locked most none)
  [ "${found#* }" -lt 4000 ] || fail "none lost nothing, though rows were not written: $found"
}

postgres_case_an_older_checkpoint_is_gone_on_from_only_if_that_is_wanted() {
  psql_ -c "CREATE TABLE rewound (id BIGINT); CREATE TABLE rewound_sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  { numbers_source 4000 5; pg_table rewound "id BIGINT" "$exactly"; pg_table rewound_sums "k BIGINT, n BIGINT, total BIGINT, PRIMARY KEY (k) NOT ENFORCED" "$exactly"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO rewound SELECT id FROM numbers; INSERT INTO rewound_sums SELECT MOD(id, 40), COUNT(*), SUM(id) FROM numbers GROUP BY MOD(id, 40); END;"
  } >"$dir/rewound.sql"
  going_back "$dir/rewound.sql"
  equal "4000 t" "$(psql_ -F' ' -c 'SELECT count(DISTINCT id), count(*) > 4000 FROM rewound')" "new rows"
  equal "40 4000 8002000" "$(psql_ -F' ' -c 'SELECT count(*), sum(n), sum(total) FROM rewound_sums')" "sums by key"
}

# What a server had acknowledged it has lost, as a copy has that lagged behind when it took over.
postgres_case_commits_that_a_server_has_lost_are_not_passed_over() {
  psql_ -c "CREATE TABLE lagged (id BIGINT); ALTER DATABASE postgres SET synchronous_commit = 'off'"
  { numbers_source 6000 30; pg_table lagged "id BIGINT" "$exactly"; echo "INSERT INTO lagged SELECT id FROM numbers;"; } >"$dir/lagged.sql"
  start_run "$dir/lagged.sql" -p 1
  until [ "$(newest_checkpoint 2>/dev/null)" -ge 4 ] 2>/dev/null; do sleep 0.05; done
  psql_ -c "UPDATE riverrun_commits SET epoch = 0 WHERE epoch > 0 AND generation = 1"
  local code=0; wait "$RUN" || code=$?
  psql_ -c "ALTER DATABASE postgres RESET synchronous_commit"
  equal 1 $code "exit code: $(tail -3 "$dir/run.log")"
  grep -qE "error: table 'lagged' has lost its commit token: epoch [0-9]+ was committed, it says epoch 0" "$dir/run.log" || fail "$(tail -5 "$dir/run.log")"
}

postgres_case_help_for_tls_is_about_the_server_at_hand() {
  psql_ -c "CREATE TABLE plaintext (id BIGINT)"; psql_ -c "ALTER SYSTEM SET ssl = off"; psql_ -c "SELECT pg_reload_conf()" >/dev/null; sleep 0.5
  { pg_table plaintext "id BIGINT" | sed "s|/postgres'|/postgres?sslmode=require'|"; echo "SELECT * FROM plaintext;"; } >"$dir/tls.sql"
  local text code=0; text=$(riverrun run "$dir/tls.sql" 2>&1) || code=$?
  psql_ -c "ALTER SYSTEM RESET ssl"; psql_ -c "SELECT pg_reload_conf()" >/dev/null; sleep 0.5
  [ $code != 0 ] || fail "a server without TLS was no error"
  [[ $text == *"server does not support TLS"* && $text == *"the server at localhost:$PG_PORT/postgres runs and takes no encrypted connections"* ]] || fail "$text"
}

postgres_case_a_table_of_tokens_that_another_session_makes_meanwhile_is_used() {
  psql_ -c "CREATE TABLE meanwhile (id BIGINT); CREATE TABLE meanwhile_too (id BIGINT)"
  psql_ -q -c "DROP TABLE IF EXISTS riverrun_commits" 2>/dev/null
  { numbers_source 200 1; for name in meanwhile meanwhile_too; do pg_table $name "id BIGINT" "$exactly, 'sink.max-retries' = '0'"; done
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO meanwhile SELECT id FROM numbers; INSERT INTO meanwhile_too SELECT id FROM numbers; END;"; } >"$dir/meanwhile.sql"
  # It has made the table, and nobody sees it yet.
  psql_ -c "BEGIN; CREATE TABLE riverrun_commits (job VARCHAR(64), sink VARCHAR(1024), lane INTEGER, generation BIGINT, epoch BIGINT, PRIMARY KEY (job, sink, lane)); SELECT pg_sleep(2); COMMIT" >/dev/null &
  local maker=$!; sleep 0.3
  start_run "$dir/meanwhile.sql" -p 4 -D restart-strategy.type=none; finish_run; wait $maker
  equal "200 200" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id) FROM meanwhile')" "rows"
}

# What the error proposes, and the page of the book, is what a role needs that may create nothing.
postgres_case_the_table_of_tokens_may_be_made_beforehand() {
  psql_ <<'P'
CREATE SCHEMA guarded; CREATE TABLE guarded.kept (id BIGINT); CREATE ROLE keeper LOGIN;
GRANT USAGE ON SCHEMA guarded TO keeper; GRANT INSERT ON guarded.kept TO keeper;
P
  { numbers_source 300 1; pg_table kept "id BIGINT" "$exactly" | sed "s/'username' = 'postgres'/'username' = 'keeper'/; s|/postgres'|/postgres?currentSchema=guarded'|"
    echo "INSERT INTO kept SELECT id FROM numbers;"; } >"$dir/guarded.sql"
  local text made; text=$(riverrun run "$dir/guarded.sql" --state-dir "$dir/state" 2>&1) && fail "a table was made without the right to"
  [[ $text == *"table 'riverrun_commits', in which commit tokens are kept, can't be made: ERROR: permission denied for schema guarded"* ]] || fail "$text"
  made=$(grep -o 'CREATE TABLE guarded.riverrun_commits .*' <<<"$text") || fail "$text"
  psql_ -c "$made"
  start_run "$dir/guarded.sql" -p 2; finish_run
  equal "300 300" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id) FROM guarded.kept')" "rows"
  # The statement of the book, word by word.
  psql_ -c "DROP TABLE guarded.riverrun_commits; TRUNCATE guarded.kept"; rm -rf "$dir/state"
  sed -n '/^CREATE TABLE riverrun_commits/,/;$/p; /^GRANT .* ON riverrun_commits/p' docs/src/connectors/jdbc.md | sed 's/TO riverrun;/TO keeper;/' >"$dir/book.sql"
  equal 2 "$(grep -c ';$' "$dir/book.sql")" "statements of the book"
  { echo "SET search_path = guarded;"; cat "$dir/book.sql"; } | psql_
  start_run "$dir/guarded.sql" -p 2; finish_run
  equal "300 300" "$(psql_ -F' ' -c 'SELECT count(*), count(DISTINCT id) FROM guarded.kept')" "rows"
  # A right that is missing, and a table of another kind.
  psql_ -c "REVOKE UPDATE ON guarded.riverrun_commits FROM keeper"; rm -rf "$dir/state"
  text=$(riverrun run "$dir/guarded.sql" --state-dir "$dir/state" 2>&1) && fail "a missing right was no error"
  [[ $text == *"GRANT SELECT, INSERT, UPDATE ON riverrun_commits TO \"keeper\""* ]] || fail "$text"
  psql_ -c "DROP TABLE guarded.riverrun_commits; CREATE TABLE guarded.riverrun_commits (job TEXT); GRANT ALL ON guarded.riverrun_commits TO keeper"
  text=$(riverrun run "$dir/guarded.sql" --state-dir "$dir/state" 2>&1) && fail "another table was no error"
  [[ $text == *"column \"epoch\" does not exist"* && $text == *"it is to be CREATE TABLE riverrun_commits (job "* ]] || fail "$text"
}

postgres_case_a_savepoint_goes_on_in_another_database_if_that_is_wanted() {
  psql_ -c "CREATE DATABASE staging"
  for name in postgres staging; do psql_ -d $name -c "CREATE TABLE moved (id BIGINT)"; done
  { numbers_source 3000 6; pg_table moved "id BIGINT" "$exactly"; echo "INSERT INTO moved SELECT id FROM numbers;"; } >"$dir/moved.sql"
  # One commit, and rows that the savepoint holds.
  start_run "$dir/moved.sql" -p 2 -D execution.checkpointing.interval=1h
  local turn=0
  while [ "$(psql_ -c 'SELECT count(*) > 0 FROM moved')" = f ]; do
    turn=$((turn + 1)); riverrun savepoint "$dir/state" "$dir/live-$turn" 2>/dev/null || true; sleep 0.3
  done
  sleep 0.7; riverrun savepoint "$dir/state" "$dir/save" --stop; wait "$RUN"
  sed "s|/postgres'|/staging'|" "$dir/moved.sql" >"$dir/staging.sql"
  local text; text=$(riverrun run "$dir/staging.sql" --state-dir "$dir/other" --from "$dir/save" 2>&1) && fail "another table was written without a word"
  [[ $text == *"table 'moved' has lost its commit token: epoch "*" was committed, it says nothing"* && $text == *"The same command with --rewind goes on with the table as it is"* ]] || fail "$text"
  riverrun run "$dir/staging.sql" --state-dir "$dir/other" --from "$dir/save" --rewind
  equal "t t" "$(psql_ -F' ' -d staging -c 'SELECT count(*) = count(DISTINCT id), max(id) - min(id) + 1 = count(*) AND max(id) = 3000 FROM moved')" "rows without a gap, to the end"
  local before after; before=$(psql_ -c 'SELECT max(id) FROM moved'); after=$(psql_ -d staging -c 'SELECT min(id) FROM moved')
  [ "$after" -le $((before + 1)) ] || fail "rows $before to $after are nowhere"
}

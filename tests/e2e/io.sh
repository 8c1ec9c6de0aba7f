# File systems that fail the Nth call, for each N: failing_fs.c between the binary and the C library. Whatever happens, a run ends
# well, or with an error that says so, or dead; the same command without faults then goes on to what an undisturbed run gives.
# Some N of each are tried by default, with MATRIX=all every one (of more than 400 calls, so many of them).

io_missing() {
  command -v cc >/dev/null || { echo "there is no C compiler (package gcc)"; return 0; }
  command -v python3 >/dev/null || { echo "python3 is not installed"; return 0; }
  return 1
}
io_start() { cc -shared -fPIC -O2 -o "$work/failing_fs.so" tests/e2e/failing_fs.c -ldl; }
io_stop() { :; }

IO_ROWS=400
# io_run DIR AT WITH BELOW [ARG…]: a run of DIR/io.sql in which a call fails (0: none); its exit code. More than a minute is a hang.
io_run() {
  local in=$1 at=$2 with=$3 below=$4; shift 4
  FAIL_BELOW=$in/$below FAIL_AT=$at FAIL_WITH=$with FAIL_REPORT=$in/report LD_PRELOAD=$work/failing_fs.so \
    timeout -s KILL 60 "$RIVERRUN" run "$in/io.sql" --state-dir "$in/state" -p 2 -D execution.checkpointing.interval=150ms "$@" >>"$in/log" 2>&1
}
io_pipeline() {
  numbers_source $IO_ROWS 1
  echo "CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '$1/files', 'format' = 'csv');"
  echo "CREATE TABLE sums (k BIGINT, n BIGINT, total BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'jdbc', 'url' = 'jdbc:sqlite:$1/sums.db', 'table-name' = 'sums', 'sink.delivery-guarantee' = 'exactly-once');"
  # Values of 30 kB: forty of them are more than a megabyte.
  local wide=""; [ -z "${IO_WIDE:-}" ] || wide="INSERT INTO wide SELECT MOD(id, 40), MAX(REPEAT('x', 30000) || CAST(id AS STRING)) FROM numbers GROUP BY MOD(id, 40);"
  echo "CREATE TABLE wide (k BIGINT, longest STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'blackhole');"
  echo "EXECUTE STATEMENT SET BEGIN INSERT INTO files SELECT id FROM numbers; INSERT INTO sums SELECT MOD(id, 40), COUNT(*), SUM(id) FROM numbers GROUP BY MOD(id, 40); $wide END;"
}
# io_cell AT WITH BELOW [ARG…]: one run with a fault and, unless it ended well, one without; a line of what became of it.
io_cell() {
  local in=$dir/cell-$2-$1 at=$1 with=$2 below=$3 code; shift 3
  mkdir -p "$in"
  s3_tables "$in/sums.db" "CREATE TABLE sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  io_pipeline "$in" >"$in/io.sql"
  # What bash says of a process that was killed is none of the log.
  if { io_run "$in" "$at" "$with" "$below" "$@"; } 2>/dev/null; then code=0; else code=$?; fi
  cp "$in/log" "$in/first"
  local what="call $at ($(awk '$1 != "calls" { print $1, $3; exit }' "$in/report" 2>/dev/null)), $with:" wrong=""
  case $code in
    0) grep -q "a checkpoint has failed" "$in/first" && what="$what went-on" || what="$what unnoticed" ;;
    1) grep -q "^error: " "$in/first" && what="$what failed" || wrong="exit code 1 without an error" ;;
    137) [ "$with" = torn ] && what="$what dead" || wrong="it was killed, or hung" ;;
    *) wrong="exit code $code" ;;
  esac
  ! grep -q "panicked\|This is a bug" "$in/log" || wrong="a panic"
  if [ -z "$wrong" ] && [ "$code" != 0 ]; then
    { io_run "$in" 0 0 "$below" "$@"; } 2>/dev/null || wrong="the same command did not go on: exit code $?"
  fi
  if [ -z "$wrong" ]; then
    [ "$(seq $IO_ROWS | md5sum)" = "$(cat "$in"/files/* | sort -n | md5sum)" ] || wrong="other rows in files"
    [ "40 $IO_ROWS $((IO_ROWS * (IO_ROWS + 1) / 2))" = "$(s3_tables "$in/sums.db" 'SELECT count(*), sum(n), sum(total) FROM sums')" ] || wrong="other rows in the database"
  fi
  if [ -n "$wrong" ]; then echo "$what WRONG: $wrong"; sed 's/^/      /' "$in/log" | tail -6
  else echo "$what"; rm -rf "$in"; fi
}
# io_calls WITH BELOW [ARG…]: every call (or some) fails, each in a run of its own; a line of counts is shown with the case.
io_calls() {
  local with=$1 below=$2 calls step=1 jobs=${JOBS:-4} job; shift 2
  mkdir -p "$dir/count"; io_pipeline "$dir/count" >"$dir/count/io.sql"
  s3_tables "$dir/count/sums.db" "CREATE TABLE sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  io_run "$dir/count" 0 "$with" "$below" "$@" || fail "an undisturbed run failed: $(tail -3 "$dir/count/log")"
  calls=$(awk '$1 == "calls" && $2 > most { most = $2 } END { print most + 0 }' "$dir/count/report")
  [ "$calls" -ge 5 ] || fail "only $calls calls were seen"
  # The tier's own files make very many calls of the same kind.
  if [ "${MATRIX:-}" = all ]; then step=$((calls / 400 + 1)); else step=$((calls / 16 + 1)); fi
  for job in $(seq 0 $((jobs - 1))); do
    ( at=$((1 + job * step)); while [ $at -le "$calls" ]; do io_cell $at "$with" "$below" "$@"; at=$((at + jobs * step)); done ) >"$dir/cells.$with.$below.$job" &
  done
  wait
  cat "$dir/cells.$with.$below".* >"$dir/cells"
  ran=$(grep -c '^call' "$dir/cells") || true
  echo "$with below $below/: $ran of $calls calls, job went on $(grep -c ' went-on$' "$dir/cells"), failed with an error $(grep -c ' failed$' "$dir/cells"), died $(grep -c ' dead$' "$dir/cells"), not noticed $(grep -c ' unnoticed$' "$dir/cells"), wrong $(grep -c WRONG "$dir/cells")" >>"$dir/table"
  if grep -q WRONG "$dir/cells"; then grep -A6 WRONG "$dir/cells"; return 1; fi
  [ "$ran" -ge 5 ] || fail "only $ran cells ran"
}

io_case_any_call_below_the_state_directory_fails() { io_calls 5 state; }
io_case_any_call_below_the_state_directory_finds_the_disk_full() { export FAIL_STAYS=1; io_calls 28 state; }
io_case_any_write_below_the_state_directory_is_torn_by_a_power_cut() { io_calls torn state; }
io_case_any_call_of_state_below_memory_fails() { export IO_WIDE=1; io_calls 5 state -D state.memory=1mb -D execution.checkpointing.data-inline-threshold=0b; }
io_case_any_call_of_state_in_rocksdb_fails() { export IO_WIDE=1; io_calls 5 state -D state.memory=1mb -D state.memory.places=0b -D execution.checkpointing.data-inline-threshold=0b; }
io_case_any_call_of_a_table_of_files_fails() { io_calls 5 files; }
io_case_any_write_of_a_table_of_files_is_torn_by_a_power_cut() { io_calls torn files; }

# What stands in a table of files and was not there before is on the disk under its name: its folder was brought there after it
# got the name, and what it holds, too.
io_case_files_folders_and_markers_outlive_a_power_cut() {
  local in=$dir name
  { numbers_source 40 1
    echo "CREATE TABLE files (id BIGINT, k STRING, d STRING) PARTITIONED BY (d, k) WITH ('connector' = 'filesystem', 'path' = '$in/made/files', 'format' = 'csv', 'sink.partition-commit.policy.kind' = 'success-file');"
    echo "INSERT INTO files SELECT id, CAST(MOD(id, 3) AS STRING), 'x' FROM numbers;"; } >"$in/io.sql"
  FAIL_TRACE=1 io_run "$in" 0 0 made || fail "$(cat "$in/log")"
  # Made or named last at, and brought to the disk last at; made while it is open, a file counts from its last name.
  awk '$1 == "mkdir" || $1 == "rename" || ($1 ~ /^open/ && $3 !~ /\/\./) { named[$3] = $2 }
    $1 == "fsync" { kept[$3] = $2 }
    END { for (name in named) { folder = name; sub("/[^/]*$", "", folder); print name, (kept[folder] > named[name] ? "kept" : "lost") } }' "$in/report" >"$in/fates"
  for name in $(cd "$in" && find made -mindepth 1 | sed "s|^|$in/|"); do
    grep -q "^$name kept$" "$in/fates" || { sort "$in/fates"; fail "$name may be lost"; }
  done
  equal "3" "$(find "$in/made" -name _SUCCESS | wc -l)" "markers"
}

# What a checkpoint has decided appears where it was written, wherever the next start is made.
io_case_files_of_a_relative_path_appear_after_a_start_in_another_folder() {
  mkdir -p "$dir/one" "$dir/two"
  { numbers_source 600 2
    echo "CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 'files', 'format' = 'csv');"
    echo "INSERT INTO files SELECT id FROM numbers;"; } >"$dir/moved.sql"
  armed 'kill@target-commit:2'
  ( cd "$dir/one" && start_run "$dir/moved.sql" -p 1; disarmed; ! finish_run ) || fail "the fault has not struck"
  disarmed
  ( cd "$dir/two" && start_run "$dir/moved.sql" -p 1; finish_run )
  [ -n "$(ls "$dir/two/files")" ] || fail "nothing was written by the second start"
  equal "$(seq 600 | md5sum)" "$(cat "$dir"/one/files/* "$dir"/two/files/* | sort -n | md5sum)" "rows"
}

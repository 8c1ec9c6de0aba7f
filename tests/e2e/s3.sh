# Checkpoints in an object store: versitygw, a server of S3's protocol over a folder, built from the Go module proxy.
VGW=$SERVICES_DIR/bin/versitygw
VGW_PORT=${VGW_PORT:-17079}
VGW_DIR=""

# Says what is missing; succeeds if something is.
s3_missing() {
  command -v python3 >/dev/null || { echo "python3 is not installed"; return 0; }
  [ -x "$VGW" ] || command -v go >/dev/null || { echo "versitygw is not built, and there is no go to build it (package golang)"; return 0; }
  return 1
}
s3_install() {
  [ -x "$VGW" ] || GOBIN="$SERVICES_DIR/bin" GOFLAGS=-buildvcs=false go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
}
s3_start() {
  VGW_DIR=$(mktemp -d "$SERVICES_DIR/vgw.XXXXXX")
  # A folder is a bucket.
  mkdir "$VGW_DIR/state"
  s3_up
}
s3_up() {
  ROOT_ACCESS_KEY=testtest ROOT_SECRET_KEY=testtest123 "$VGW" --port 127.0.0.1:$VGW_PORT posix "$VGW_DIR" >>"$VGW_DIR.log" 2>&1 &
  local pid=$! i
  # In a file, since a case that starts it again does so in a shell of its own.
  echo "$pid" >"$VGW_DIR.pid"
  for i in $(seq 100); do
    # Another server on the port is not ours.
    kill -0 "$pid" 2>/dev/null || { echo "the server has ended:"; tail -3 "$VGW_DIR.log"; return 1; }
    grep -q . "$VGW_DIR.log" && (exec 3<>"/dev/tcp/127.0.0.1/$VGW_PORT") 2>/dev/null && return 0
    sleep 0.1
  done
  return 1
}
s3_down() { local pid; pid=$(cat "$VGW_DIR.pid"); kill -9 "$pid"; wait "$pid" 2>/dev/null || sleep 0.2; }
s3_stop() { [ -z "$VGW_DIR" ] || { s3_down 2>/dev/null; rm -rf "$VGW_DIR" "$VGW_DIR.log" "$VGW_DIR.pid"; VGW_DIR=""; }; }

s3=(-D "s3.endpoint=http://127.0.0.1:$VGW_PORT" -D s3.access-key=testtest -D s3.secret-key=testtest123 -D s3.path.style.access=true)

# Numbers and sums of them in files: ROWS, SECONDS.
s3_pipeline() {
  numbers_source "$1" "$2"
  echo "CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '$dir/files', 'format' = 'csv');"
  echo "CREATE TABLE sums (k BIGINT, n BIGINT, total BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'jdbc', 'url' = 'jdbc:sqlite:$dir/sums.db', 'table-name' = 'sums', 'sink.delivery-guarantee' = 'exactly-once');"
  echo "EXECUTE STATEMENT SET BEGIN INSERT INTO files SELECT id FROM numbers; INSERT INTO sums SELECT MOD(id, 40), COUNT(*), SUM(id) FROM numbers GROUP BY MOD(id, 40); END;"
}
s3_tables() { python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); r = c.execute(sys.argv[2]).fetchall(); c.commit(); [print(*x) for x in r]' "$@"; }
# That what came out is what an undisturbed run of ROWS gives.
s3_equal() {
  equal "$(seq "$1" | md5sum)" "$(cat "$dir"/files/* | sort -n | md5sum)" "files"
  equal "40 $1 $(($1 * ($1 + 1) / 2))" "$(s3_tables "$dir/sums.db" 'SELECT count(*), sum(n), sum(total) FROM sums')" "sums by key"
}
s3_manifests() { find "$VGW_DIR/state/$1" -path '*/chk-*/manifest.json' | wc -l; }

s3_case_exactly_once_through_kills() {
  s3_tables "$dir/sums.db" "CREATE TABLE sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  s3_pipeline 6000 5 >"$dir/kills.sql"
  crash_run "$dir/kills.sql" 6 "${s3[@]}" -D execution.checkpointing.dir=s3://state/kills -D execution.checkpointing.num-retained=2
  s3_equal 6000
  equal 2 "$(s3_manifests kills)" "checkpoints that were kept"
  equal 0 "$(find "$VGW_DIR/state/kills" -name 'check-*' | wc -l)" "leftovers of checks"
  riverrun checkpoints s3://state/kills "${s3[@]}" --verify >"$dir/listed"
  equal 2 "$(grep -c 'good' "$dir/listed")" "checkpoints that are good"
  [[ $(cat "$dir/listed") == *"s3://state/kills/"* ]] || fail "$(cat "$dir/listed")"
  # Nothing of it is in the state directory.
  equal "" "$(find "$dir/state" -name '*.state' -o -name manifest.json)" "checkpoints on this machine"
}

s3_case_processes_share_a_bucket() {
  s3_tables "$dir/sums.db" "CREATE TABLE sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  s3_pipeline 4000 4 >"$dir/shared.sql"
  local run=("$dir/shared.sql" -p 2 --processes 2 "${s3[@]}" -D execution.checkpointing.dir=s3://state/shared)
  start_run "${run[@]}"; sleep 2; kill_run
  start_run "${run[@]}"; finish_run
  s3_equal 4000
}

s3_case_a_store_that_is_away_fails_checkpoints_and_not_the_job() {
  local turn
  s3_tables "$dir/sums.db" "CREATE TABLE sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  s3_pipeline 8000 10 >"$dir/away.sql"
  start_run "$dir/away.sql" -p 2 "${s3[@]}" -D execution.checkpointing.dir=s3://state/away
  sleep 2; s3_down
  # A request is repeated for some seconds before it has failed.
  for turn in $(seq 80); do ! grep -q "a checkpoint has failed" "$dir/run.log" || break; sleep 0.1; done
  s3_up
  finish_run
  s3_equal 8000
  grep -q "a checkpoint has failed.*no answer from http://127.0.0.1:$VGW_PORT" "$dir/run.log" || fail "no checkpoint failed: $(cat "$dir/run.log")"
  # More than may fail is the end of the job, and the same command goes on from the last one that did not.
  rm -rf "$dir/state" "$dir/files"; s3_tables "$dir/sums.db" "DELETE FROM sums"
  start_run "$dir/away.sql" -p 2 "${s3[@]}" -D execution.checkpointing.dir=s3://state/few -D execution.checkpointing.tolerable-failed-checkpoints=0
  sleep 2; s3_down
  if wait "$RUN"; then fail "it went on without checkpoints"; fi
  s3_up
  grep -q "too many checkpoints have failed" "$dir/run.log" || fail "$(tail -5 "$dir/run.log")"
  start_run "$dir/away.sql" -p 2 "${s3[@]}" -D execution.checkpointing.dir=s3://state/few
  finish_run
  s3_equal 8000
}

# proxied_run AT MODE SLOT: a run of $in/run.sql through failing_proxy.py, in a place of its own; its exit code.
proxied_run() {
  local at=$1 mode=$2 port=$((VGW_PORT + 10 + $3)) pid code=0 turn
  python3 tests/e2e/failing_proxy.py $port $VGW_PORT "$at" "$mode" "$in/requests" 2>>"$in/proxy.log" & pid=$!
  for turn in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.05; done
  timeout -s KILL 100 "$RIVERRUN" run "$in/run.sql" --state-dir "$in/state" -p 2 -D execution.checkpointing.interval=150ms "${s3[@]}" \
    -D "s3.endpoint=http://127.0.0.1:$port" -D "execution.checkpointing.dir=s3://state/${in##*/}" >>"$in/run.log" 2>&1 || code=$?
  kill $pid; wait $pid 2>/dev/null || true
  return $code
}
# One run with a request that fails and, unless it ended well, one without; a line of what became of it.
proxied_cell() {
  local at=$1 mode=$2 slot=$3 code=0 wrong="" what dir=$dir/$2-$1 in
  in=$dir; mkdir -p "$in"
  s3_tables "$in/sums.db" "CREATE TABLE sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  s3_pipeline 400 1 >"$in/run.sql"
  proxied_run "$at" "$mode" "$slot" || code=$?
  what="request $at ($(cut -d' ' -f2- "$in/requests")), $mode:"
  case $code in
    0) grep -q "a checkpoint has failed" "$in/run.log" && what="$what went-on" || what="$what unnoticed" ;;
    1 | 2) grep -q "^error: " "$in/run.log" && what="$what failed" || wrong="exit code $code without an error" ;;
    *) wrong="exit code $code" ;;
  esac
  [ -n "$wrong" ] || [ $code = 0 ] || proxied_run 0 "$mode" "$slot" || wrong="the same command did not go on"
  [ -n "$wrong" ] || s3_equal 400 || wrong="other rows"
  if [ -n "$wrong" ]; then echo "$what WRONG: $wrong"; tail -6 "$in/run.log" | sed 's/^/      /'; else echo "$what"; rm -rf "$in"; fi
}
# Some requests, with MATRIX=all each of them: refused, or done and the answer lost.
s3_case_any_request_fails() {
  local mode requests step=1 slot ran in=$dir/count; mkdir -p "$in"
  ( dir=$in; s3_tables "$in/sums.db" "CREATE TABLE sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"; s3_pipeline 400 1 >"$in/run.sql"; proxied_run 0 lost 0 )
  requests=$(cut -d' ' -f1 "$in/requests")
  [ "$requests" -gt 20 ] || fail "only $requests requests were seen"
  [ "${MATRIX:-}" = all ] || step=$((requests / 12 + 1))
  for mode in refused lost; do
    for slot in 1 2 3 4; do
      ( at=$((1 + (slot - 1) * step)); while [ $at -le "$requests" ]; do proxied_cell $at $mode $slot; at=$((at + 4 * step)); done ) >"$dir/cells.$mode.$slot" &
    done
    wait $(jobs -p)
    cat "$dir/cells.$mode".* >"$dir/cells"
    ran=$(grep -c '^request' "$dir/cells") || true
    echo "$mode: $ran of $requests requests, job went on $(grep -c ' went-on$' "$dir/cells"), failed with an error $(grep -c ' failed$' "$dir/cells"), not noticed $(grep -c ' unnoticed$' "$dir/cells"), wrong $(grep -c WRONG "$dir/cells")" >>"$dir/table"
    if grep -q WRONG "$dir/cells"; then grep -A6 WRONG "$dir/cells"; return 1; fi
    [ "$ran" -gt 5 ] || fail "only $ran cells ran"
  done
}

s3_case_savepoints() {
  s3_tables "$dir/sums.db" "CREATE TABLE sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  s3_pipeline 4000 4 >"$dir/save.sql"
  start_run "$dir/save.sql" -p 2 "${s3[@]}" -D execution.checkpointing.dir=s3://state/save
  sleep 2
  local said; said=$(riverrun savepoint "$dir/state" s3://state/saved/first --stop)
  [[ $said == "savepoint s3://state/saved/first ("* ]] || fail "$said"
  finish_run
  riverrun checkpoints s3://state/saved/first "${s3[@]}" --verify | grep -q good || fail "the savepoint is not good"
  riverrun explain "$dir/save.sql" "${s3[@]}" --upgrade s3://state/saved/first >"$dir/fit"
  equal "" "$(grep -E 'new|dropped|incompatible' "$dir/fit")" "operators that are not kept"
  equal 5 "$(grep -c kept "$dir/fit")" "operators that are kept"
  # In another state directory, by another parallelism, with the checkpoints on this machine.
  riverrun run "$dir/save.sql" --state-dir "$dir/other" --from s3://state/saved/first -p 3 "${s3[@]}"
  s3_equal 4000
}

s3_case_keys_may_come_from_the_environment() {
  numbers_source 100 1 >"$dir/environment.sql"
  echo "CREATE TABLE files (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '$dir/files', 'format' = 'csv'); INSERT INTO files SELECT id FROM numbers;" >>"$dir/environment.sql"
  AWS_ACCESS_KEY_ID=testtest AWS_SECRET_ACCESS_KEY=testtest123 AWS_ENDPOINT_URL="http://127.0.0.1:$VGW_PORT" \
    riverrun run "$dir/environment.sql" --state-dir "$dir/state" -D execution.checkpointing.dir=s3://state/environment
  equal 1 "$(s3_manifests environment)" "checkpoints"
}

s3_case_errors_say_what_to_do() {
  s3_pipeline 100 1 >"$dir/errors.sql"
  # refused WORDS ARG…: a run that must fail, and say this.
  refused() { local words=$1 text; shift
    text=$(riverrun run "$dir/errors.sql" --state-dir "$dir/state" "$@" 2>&1) && fail "it ran: $*"
    [[ $text == *"$words"* ]] || fail "$words is not in: $text"; }
  refused "there is no bucket nothing" "${s3[@]}" -D execution.checkpointing.dir=s3://nothing/x
  refused "it names no bucket" "${s3[@]}" -D execution.checkpointing.dir=s3://
  refused "the keys are not accepted" "${s3[@]}" -D s3.secret-key=wrong -D execution.checkpointing.dir=s3://state/x
  refused "no answer from http://127.0.0.1:1" "${s3[@]}" -D s3.endpoint=http://127.0.0.1:1 -D execution.checkpointing.dir=s3://state/x
  refused "there is no checkpoint or savepoint in s3://state/none" "${s3[@]}" --from s3://state/none
}

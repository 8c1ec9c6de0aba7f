# Pipelines that are killed at random moments and started again, for the cases of all groups.

# A table of numbers from 1 to ROWS that take about SECONDS, the same rows after every restart.
numbers_source() {
  local rows=$1 seconds=$2
  echo "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '$((rows / seconds))', 'number-of-rows' = '$rows', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '$rows');"
}

# start_run FILE [ARG…]: runs a pipeline with a state directory in the background; its process is $RUN.
start_run() {
  local file=$1; shift
  "$CARGO_TARGET_DIR/debug/riverrun" run "$file" --state-dir "$dir/state" -D execution.checkpointing.interval=250ms "$@" >>"$dir/run.log" 2>&1 &
  RUN=$!
}
# kill -9 of the run and of every process it has started.
kill_run() {
  local children; children=$(pgrep -P "$RUN" || true)
  kill -9 "$RUN" $children 2>/dev/null || true
  wait "$RUN" 2>/dev/null || true
}
# finish_run: waits until it ends by itself.
finish_run() { wait "$RUN" || { echo "the run failed:"; tail -20 "$dir/run.log"; return 1; }; }

# crash_run FILE KILLS [ARG…]: kills it so often, at moments that SEED decides, each time with other numbers of workers.
crash_run() {
  local file=$1 kills=$2 turn; shift 2
  RANDOM=${SEED:=$(date +%N | sed 's/^0*//' | cut -c1-5)}
  echo "SEED=$SEED"
  for turn in $(seq "$kills"); do
    start_run "$file" -p $((RANDOM % 3 + 1)) "$@"
    sleep "$(awk -v r=$RANDOM 'BEGIN { printf "%.2f", 0.4 + r / 32768 * 1.4 }')"
    kill_run
  done
  start_run "$file" -p $((RANDOM % 3 + 1)) "$@"
  finish_run
}

# The number of the newest checkpoint.
newest_checkpoint() { find "$dir/state" -maxdepth 4 -name 'chk-*' | sed 's/.*chk-//' | sort -n | tail -1; }

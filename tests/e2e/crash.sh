# Pipelines that are killed at random moments and started again, for the cases of all groups.

# A table of numbers from 1 to ROWS that take about SECONDS, the same rows after every restart.
numbers_source() {
  local rows=$1 seconds=$2
  echo "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '$((rows / seconds))', 'number-of-rows' = '$rows', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '$rows');"
}

# start_run FILE [ARG…]: runs a pipeline with a state directory in the background; its process is $RUN.
start_run() {
  local file=$1; shift
  "$RIVERRUN" run "$file" --state-dir "$dir/state" -D execution.checkpointing.interval=250ms "$@" >>"$dir/run.log" 2>&1 &
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

# checkpoints_during STALL: that a target which stalled for so many seconds held up no checkpoint; a line of it for the table.
checkpoints_during() {
  local count longest
  riverrun checkpoints "$dir/state" --json >"$dir/checkpoints.json"
  # How long each took, from barrier to manifest.
  read -r count longest < <(paste -d' ' <(sed -nE 's/.*"started": ([0-9]+).*/\1/p' "$dir/checkpoints.json") <(sed -nE 's/.*"completed": ([0-9]+).*/\1/p' "$dir/checkpoints.json") |
    awk '{ if ($2 - $1 > longest) longest = $2 - $1 } END { print NR, longest }')
  echo "target stalled for $1 s, killed in between: $count checkpoints, the longest took $longest ms" | tee "$dir/table"
  [ "$count" -ge $(($1 * 2)) ] || fail "only $count checkpoints"
  [ "$longest" -le 3000 ] || fail "a checkpoint took $longest ms"
}

# armed FAULTS: what is started next has these faults, once each; struck KIND waits until one of that kind has struck.
armed() { mkdir -p "$dir/ledger"; export RIVERRUN_FAULTS=$1 RIVERRUN_FAULTS_LEDGER=$dir/ledger; }
disarmed() { unset RIVERRUN_FAULTS RIVERRUN_FAULTS_LEDGER; }
struck() {
  local turn
  for turn in $(seq 600); do
    grep -q "^$1" "$dir/ledger/struck" 2>/dev/null && return 0
    sleep 0.05
  done
  echo "no $1 has struck"; tail -5 "$dir/run.log"; return 1
}

# matrix FILE [ARG…]: faults at failpoints, each in a run of its own: all of them with MATRIX=all, else some. Its table is
# shown with the case.
matrix() {
  local file=$1; shift
  if [ "${MATRIX:-}" = all ]; then set -- "$@" --timeout '5 min'
  else set -- "$@" --hits 2 --faults error,kill,barrier,epoch-log,manifest-put-done,sink-write,token,target-commit,commit-answer,source-restore
  fi
  riverrun chaos "$file" --matrix --jobs "${JOBS:-4}" "$@" | tee "$dir/table"
}

# going_back FILE: a run that is killed after some checkpoints, an older one that is refused, and gone on from with --rewind; that
# start is killed before it has a checkpoint, and the plain command goes on from the same older one, never from the newest.
going_back() {
  local older newest text keep=(-D execution.checkpointing.num-retained=100) turn
  start_run "$1" -p 2 "${keep[@]}"
  sleep 3; kill_run
  older=$(find "$dir/state" -maxdepth 4 -name 'chk-2'); [ -n "$older" ] || fail "no second checkpoint"
  newest=${older%2}$(newest_checkpoint)
  text=$(riverrun run "$1" --state-dir "$dir/state" -p 3 --from "$older" 2>&1) && fail "an older checkpoint was gone on from"
  [[ $text == *"checkpoint 2 is not the newest: the job has gone on to checkpoint "* && $text == *"--rewind goes on from this one"* ]] || fail "$text"
  start_run "$1" -p 3 --from "$older" --rewind "${keep[@]}" -D execution.checkpointing.interval=1h
  for turn in $(seq 600); do ! grep -q "is written once more" "$dir/run.log" || break; sleep 0.05; done
  grep -q "is written once more" "$dir/run.log" || fail "nothing is said of what is repeated: $(tail -5 "$dir/run.log")"
  sleep 0.3; kill_run
  riverrun checkpoints "$dir/state" | grep "^${newest##*/} " | grep -q abandoned || fail "the newest checkpoint is not called abandoned"
  text=$(riverrun run "$1" --state-dir "$dir/state" --from "$newest" --rewind 2>&1) && fail "an abandoned checkpoint was gone on from"
  [[ $text == *"was abandoned"* ]] || fail "$text"
  start_run "$1" -p 3 "${keep[@]}"; finish_run
  [ ! -e "$newest/manifest.json" ] || fail "the abandoned checkpoint is still there"
}

# come_back FILE POINT WHEN [WORKERS]: a run is stopped while it is at a failpoint, another one takes over, and the first goes on, while the
# other runs or after its end. It must end as overtaken. As where another machine takes over, nothing is left of its lock.
come_back() {
  local file=$1 older newest turn
  armed "stall(3s)@$2"
  "$RIVERRUN" run "$file" --state-dir "$dir/state" -D execution.checkpointing.interval=250ms -p "${4:-2}" >"$dir/older.log" 2>&1 &
  older=$!; disarmed
  struck stall; kill -STOP $older
  rm "$dir/state/lock"
  newest=$(newest_checkpoint)
  start_run "$file" -p 3
  for turn in $(seq 600); do
    kill -0 $RUN 2>/dev/null || break
    [ "$3" = while ] && [ "$(newest_checkpoint)" -ge $((newest + 4)) ] && break
    sleep 0.05
  done
  [ "$3" = while ] || ! kill -0 $RUN 2>/dev/null || { kill_run; kill -9 $older; fail "a run that is stopped holds up the next one"; }
  kill -CONT $older
  finish_run
  wait $older && fail "the older run ended well"
  grep -qE "(a later|another) start of (the|this) job has taken over" "$dir/older.log" || fail "the older run said: $(cat "$dir/older.log")"
}

# Changes of a database out of Kafka, in each format, into tables of PostgreSQL, through kill -9.

cdc_missing() { kafka_missing || postgres_missing; }
cdc_install() { kafka_install; }
cdc_start() { kafka_start && postgres_start; }
cdc_stop() { kafka_stop; postgres_stop; }

# cdc_events FORMAT: 24000 changes of 300 rows, `key|event`: each is inserted, updated twice, deleted, and comes again.
cdc_events() {
  awk -v format="$1" 'BEGIN {
    for (turn = 1; turn <= 24000; turn++) {
      id = (turn * 7) % 300; row = "{\"id\":" id ",\"amount\":" turn "}"; before = rows[id]
      if (before == "") kind = "insert"; else kind = (int(turn / 300) + id) % 4 == 3 ? "delete" : "update"
      rows[id] = kind == "delete" ? "" : row
      if (kind == "delete") row = before
      old = kind == "update" ? before : "null"
      if (format == "debezium-json") event = "{\"before\":" (before == "" ? "null" : before) ",\"after\":" (rows[id] == "" ? "null" : row) ",\"op\":\"" (kind == "insert" ? "c" : substr(kind, 1, 1)) "\"}"
      if (format == "ogg-json") event = "{\"before\":" (before == "" ? "null" : before) ",\"after\":" (rows[id] == "" ? "null" : row) ",\"op_type\":\"" toupper(substr(kind, 1, 1)) "\"}"
      if (format == "maxwell-json") event = "{\"data\":" row ",\"old\":" old ",\"type\":\"" kind "\"}"
      if (format == "canal-json") event = "{\"data\":[" row "],\"old\":" (old == "null" ? old : "[" old "]") ",\"type\":\"" toupper(kind) "\"}"
      print id "|" event
    }
  }'
}
# What the changes leave: `id amount` of each row.
cdc_rows() { cdc_events debezium-json | sed -nE 's/^([0-9]+)\|.*"after":(null|\{"id":[0-9]+,"amount":([0-9]+)\}).*/\1 \3/p' | awk '{ rows[$1] = $2 } END { for (id in rows) if (rows[id] != "") print id, rows[id] }' | sort -n; }

cdc_through_kills() {
  local format=$1 topic=cdc_${1%-json} expected
  kafka_topic "$topic" 2
  cdc_events "$format" >"$dir/events.csv"
  { echo "CREATE TABLE events (id STRING, event STRING) WITH ('connector' = 'filesystem', 'path' = '$dir/events.csv', 'format' = 'csv', 'csv.field-delimiter' = '|', 'csv.disable-quote-character' = 'true');"
    echo "CREATE TABLE topic (id STRING, event STRING) WITH ('connector' = 'kafka', 'topic' = '$topic', 'properties.bootstrap.servers' = '$KAFKA', 'key.format' = 'raw', 'key.fields' = 'id', 'value.format' = 'raw', 'value.fields-include' = 'EXCEPT_KEY');"
    echo "INSERT INTO topic SELECT * FROM events;"; } >"$dir/feed.sql"
  riverrun run "$dir/feed.sql" -p 1
  psql_ -c "CREATE TABLE ${topic}_rows (id BIGINT PRIMARY KEY, amount BIGINT); CREATE TABLE ${topic}_sums (k BIGINT PRIMARY KEY, n BIGINT, total BIGINT)"
  { echo "CREATE TABLE changes (id BIGINT, amount BIGINT) WITH ('connector' = 'kafka', 'topic' = '$topic', 'properties.bootstrap.servers' = '$KAFKA', 'format' = '$format' $bounded);"
    pg_table "${topic}_rows" "id BIGINT, amount BIGINT, PRIMARY KEY (id) NOT ENFORCED" "$exactly"
    pg_table "${topic}_sums" "k BIGINT, n BIGINT, total BIGINT, PRIMARY KEY (k) NOT ENFORCED" "$exactly"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO ${topic}_rows SELECT * FROM changes; INSERT INTO ${topic}_sums SELECT MOD(id, 7), COUNT(*), SUM(amount) FROM changes GROUP BY MOD(id, 7); END;"
  } >"$dir/cdc.sql"
  # So slow that there is something to kill.
  export RIVERRUN_FAULTS='delay(8ms)@source-read:*'
  crash_run "$dir/cdc.sql" 4 -D execution.batch-size=20
  unset RIVERRUN_FAULTS
  echo "checkpoints: $(newest_checkpoint)" | tee "$dir/table"
  [ "$(newest_checkpoint)" -ge 5 ] || fail "no checkpoints were gone on from"
  expected=$(cdc_rows)
  equal "$(md5sum <<<"$expected")" "$(psql_ -F' ' -c "SELECT * FROM ${topic}_rows ORDER BY id" | md5sum)" "rows of the database"
  equal "$(awk '{ n[$1 % 7]++; total[$1 % 7] += $2 } END { for (k = 0; k < 7; k++) print k, n[k], total[k] }' <<<"$expected")" "$(psql_ -F' ' -c "SELECT * FROM ${topic}_sums ORDER BY k")" "sums"
}
cdc_case_debezium() { cdc_through_kills debezium-json; }
cdc_case_canal() { cdc_through_kills canal-json; }
cdc_case_maxwell() { cdc_through_kills maxwell-json; }
cdc_case_ogg() { cdc_through_kills ogg-json; }

# Apache Kafka from Maven Central as one broker on this machine, and the cases that run against it.
KAFKA_V=4.3.1
KAFKA=127.0.0.1:19092
KAFKA_SASL=127.0.0.1:19094
KAFKA_SSL=127.0.0.1:19095
KAFKA_DIR=$SERVICES_DIR/kafka

# Says what is missing; succeeds if something is.
kafka_missing() {
  command -v java >/dev/null || { echo "java is not installed (17 or later)"; return 0; }
  command -v mvn >/dev/null || { echo "mvn (Maven) is not installed"; return 0; }
  command -v openssl >/dev/null || { echo "openssl is not installed"; return 0; }
  return 1
}

kafka_install() {
  [ -d "$KAFKA_DIR/lib" ] && return 0
  mkdir -p "$KAFKA_DIR"
  local dependencies="" coordinate group artifact version
  for coordinate in org.apache.kafka:kafka_2.13:$KAFKA_V org.apache.kafka:kafka-tools:$KAFKA_V org.slf4j:slf4j-simple:1.7.36; do
    IFS=: read -r group artifact version <<<"$coordinate"
    dependencies+="<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
  done
  echo "<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version><packaging>pom</packaging><dependencies>$dependencies</dependencies></project>" >"$KAFKA_DIR/pom.xml"
  (cd "$KAFKA_DIR" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib.new -DincludeScope=runtime && mv lib.new lib)
}

kafka_java() { (cd "$KAFKA_DIR" && exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx512m -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp 'lib/*' "$@"); }

# kafka_ca NAME: a certificate authority in $work.
kafka_ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -days 2 -keyout "$work/$1.key" -out "$work/$1.pem"; }
# The broker's key and its certificate, which 'ca' has signed.
kafka_certificate() {
  kafka_ca ca && kafka_ca other-ca || return 1
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=broker -keyout "$work/broker.key" |
    openssl x509 -req -days 2 -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -extfile <(echo subjectAltName=IP:127.0.0.1) -out "$work/broker.pem" || return 1
  cat "$work/broker.key" "$work/broker.pem" >"$work/broker.keystore"
}

kafka_start() {
  ! (exec 3<>/dev/tcp/127.0.0.1/19092) 2>/dev/null || { echo "something else listens at $KAFKA"; return 1; }
  rm -rf "$work/kafka-data"
  kafka_certificate || return 1
  local conf=$work/kafka.properties
  cat >"$conf" <<P
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:19093
listeners=PLAINTEXT://$KAFKA,CONTROLLER://127.0.0.1:19093,SASL://$KAFKA_SASL,SSL://$KAFKA_SSL
advertised.listeners=PLAINTEXT://$KAFKA,SASL://$KAFKA_SASL,SSL://$KAFKA_SSL
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,SSL:SSL
listener.name.sasl.sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_writer="right";
listener.name.ssl.ssl.keystore.type=PEM
listener.name.ssl.ssl.keystore.location=$work/broker.keystore
log.dirs=$work/kafka-data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=5
group.initial.rebalance.delay.ms=0
transaction.state.log.num.partitions=5
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
# Records may bear times of long ago.
log.retention.ms=-1
P
  kafka_java kafka.tools.StorageTool format --standalone -t "$(kafka_java kafka.tools.StorageTool random-uuid)" -c "$conf" >/dev/null || return 1
  kafka_up
}
kafka_up() {
  local conf=$work/kafka.properties
  (cd "$KAFKA_DIR" && exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx512m -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp 'lib/*' kafka.Kafka "$conf") >>"$work/kafka.log" 2>&1 &
  KAFKA_PID=$!
  # A case is a subshell: what it restarts must be found again.
  echo "$KAFKA_PID" >"$work/kafka.pid"
  local turn
  for turn in $(seq 300); do
    (exec 3<>/dev/tcp/127.0.0.1/19092) 2>/dev/null && return 0
    kill -0 "$KAFKA_PID" 2>/dev/null || { tail -5 "$work/kafka.log"; return 1; }
    sleep 0.2
  done
  return 1
}
kafka_stop() {
  [ -f "$work/kafka.pid" ] || return 0
  local pid turn; pid=$(cat "$work/kafka.pid"); rm -f "$work/kafka.pid"
  kill "$pid" 2>/dev/null || return 0
  # It still writes below the folder that is about to go.
  for turn in $(seq 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
}
# A crash of the broker.
kafka_crash() { local pid; pid=$(cat "$work/kafka.pid"); kill -9 "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done; }
kafka_topic() { kafka_java org.apache.kafka.tools.TopicCommand --bootstrap-server $KAFKA --create --topic "$1" --partitions "${2:-1}" --replication-factor 1; }

# numbers TOPIC OPTIONS: a table of the topic.
numbers() {
  echo "CREATE TABLE numbers (id INT, word STRING) WITH ('connector' = 'kafka', 'topic' = '$1', 'properties.bootstrap.servers' = '$KAFKA', 'format' = 'json' ${2:-});"
}
bounded=", 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset'"
# write TOPIC FROM TO OPTIONS: JSON rows with these numbers.
write() {
  { numbers "$1" "${4:-}"
    echo "INSERT INTO numbers VALUES"
    seq "$2" "$3" | sed "s/.*/(&, 'w&')/" | paste -sd, ; echo ";"; } >"$dir/write.sql"
  riverrun run "$dir/write.sql"
}
read_ids() { { numbers "$1" "$2"; echo "SELECT id FROM numbers;"; } >"$dir/read.sql"; riverrun run "$dir/read.sql" --output csv -p "${3:-2}" | tail -n +2 | sort -n | paste -sd' '; }

kafka_case_write_and_read_back() {
  kafka_topic back 3
  write back 1 500
  equal "$(seq -s' ' 1 500)" "$(read_ids back "$bounded" 1)" "one worker"
  equal "$(seq -s' ' 1 500)" "$(read_ids back "$bounded" 4)" "four workers, three partitions"
}

kafka_case_startup_and_bounded_modes() {
  kafka_topic modes 1
  write modes 1 5
  sleep 0.05
  local between; between=$(date +%s%3N); sleep 0.05
  write modes 6 10
  equal "6 7 8 9 10" "$(read_ids modes ", 'scan.startup.mode' = 'timestamp', 'scan.startup.timestamp-millis' = '$between', 'scan.bounded.mode' = 'latest-offset'")" "from a time"
  equal "1 2 3 4 5" "$(read_ids modes ", 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'timestamp', 'scan.bounded.timestamp-millis' = '$between'")" "to a time"
  equal "4 5 6" "$(read_ids modes ", 'scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = 'partition:0,offset:3', 'scan.bounded.mode' = 'specific-offsets', 'scan.bounded.specific-offsets' = 'partition:0,offset:6'")" "between offsets"
  equal "" "$(read_ids modes ", 'scan.startup.mode' = 'latest-offset', 'scan.bounded.mode' = 'latest-offset'")" "from the end to the end"
}

# ends TOPIC IDS WORKERS: what a bounded read of a topic gives, and that it comes to its end.
ends() {
  { numbers "$1" "$bounded"; echo "SELECT id FROM numbers;"; } >"$dir/ends.sql"
  timeout 60 "$RIVERRUN" run "$dir/ends.sql" --output csv -p "$3" >"$dir/rows" || fail "it does not end"
  equal "$2" "$(tail -n +2 "$dir/rows" | sort -n | paste -sd' ')" "rows"
}
# transactions TOPIC STEP…: see Transactions.java.
transactions() { kafka_java "$OLDPWD/tests/e2e/Transactions.java" $KAFKA "$@"; }
# What stands last is of an aborted transaction, and its marker lies behind the open one that the readers wait for.
kafka_case_a_bounded_source_ends_before_an_open_transaction() {
  kafka_topic unstable 1
  transactions unstable a='{"id":1}' a+ b='{"id":2}' c='{"id":3}' b-
  ends unstable "1" 1
  # A new producer of that id ends what the last one has left open.
  transactions unstable c='{"id":4}' c-
  equal 0 "$(ongoing)" "open transactions"
}

# The end is that of the first start, as rows come while the job is down.
kafka_case_the_end_of_a_bounded_source_is_fixed_for_good() {
  kafka_topic fixed_end 2
  write fixed_end 1 30
  { numbers fixed_end "$bounded"
    echo "CREATE TABLE slow (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100', 'number-of-rows' = '600', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1001', 'fields.id.end' = '1600');"
    echo "CREATE TABLE written (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '$dir/written', 'format' = 'csv');"
    echo "INSERT INTO written SELECT id FROM numbers UNION ALL SELECT id FROM slow;"; } >"$dir/fixed.sql"
  start_run "$dir/fixed.sql" -p 2
  until [ "$(newest_checkpoint 2>/dev/null)" -ge 2 ] 2>/dev/null; do sleep 0.05; done
  kill_run
  write fixed_end 31 60
  start_run "$dir/fixed.sql" -p 1; finish_run
  equal "$(seq -s' ' 30) $(seq -s' ' 1001 1600)" "$(cat "$dir"/written/* | sort -n | paste -sd' ')" "rows"
}

kafka_case_group_offsets_are_committed() {
  kafka_topic grouped 2
  write grouped 1 20
  local group=", 'properties.group.id' = 'readers', 'scan.startup.mode' = 'group-offsets', 'properties.auto.offset.reset' = 'earliest', 'scan.bounded.mode' = 'latest-offset'"
  equal "$(seq -s' ' 1 20)" "$(read_ids grouped "$group")" "the first reader"
  write grouped 21 25
  equal "$(seq -s' ' 21 25)" "$(read_ids grouped "$group")" "the second reader goes on"
  write grouped 26 30
  equal "$(seq -s' ' 26 30)" "$(read_ids grouped "$group, 'scan.commit-offsets' = 'false'")" "one that leaves the group alone"
  equal "$(seq -s' ' 26 30)" "$(read_ids grouped "$group")" "the third reader"
}

kafka_case_keys_headers_and_metadata() {
  kafka_topic keyed 1
  cat >"$dir/keyed.sql" <<S
CREATE TABLE keyed (
  id INT, word STRING, at_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', h MAP<STRING, BYTES> METADATA FROM 'headers',
  p INT METADATA FROM 'partition' VIRTUAL, o BIGINT METADATA FROM 'offset' VIRTUAL, t STRING METADATA FROM 'topic' VIRTUAL
) WITH ('connector' = 'kafka', 'topic' = 'keyed', 'properties.bootstrap.servers' = '$KAFKA', 'key.format' = 'json', 'key.fields' = 'id', 'value.format' = 'json',
  'value.fields-include' = 'EXCEPT_KEY' $bounded);
SET 'table.local-time-zone' = 'UTC';
INSERT INTO keyed VALUES (7, 'seven', TO_TIMESTAMP_LTZ(1000, 3), MAP['k', CAST('v' AS BYTES)]), (8, 'eight', TO_TIMESTAMP_LTZ(2000, 3), MAP['k', CAST('w' AS BYTES)]);
SELECT id, word, at_time, CAST(h['k'] AS STRING) AS header, p, o, t FROM keyed;
S
  equal "+I[7, seven, 1970-01-01T00:00:01Z, v, 0, 0, keyed]
+I[8, eight, 1970-01-01T00:00:02Z, w, 0, 1, keyed]" "$(riverrun run "$dir/keyed.sql" --output changelog)" "rows"
}

kafka_case_broken_records_go_to_a_table() {
  kafka_topic broken 1
  cat >"$dir/broken.sql" <<S
CREATE TABLE lines (line STRING) WITH ('connector' = 'kafka', 'topic' = 'broken', 'properties.bootstrap.servers' = '$KAFKA', 'format' = 'raw');
INSERT INTO lines VALUES ('{"id": 1, "word": "a"}'), ('no json'), ('{"id": 2, "word": "b"}');
S
  riverrun run "$dir/broken.sql"
  cat >"$dir/read.sql" <<S
$(numbers broken "$bounded, 'on-error' = 'dead'")
CREATE TABLE dead (record STRING, split STRING, \`offset\` BIGINT) WITH ('connector' = 'filesystem', 'path' = '$dir/dead', 'format' = 'json');
CREATE TABLE good (id INT) WITH ('connector' = 'filesystem', 'path' = '$dir/good', 'format' = 'json');
INSERT INTO good SELECT id FROM numbers;
S
  riverrun run "$dir/read.sql"
  equal '{"record":"no json","split":"broken-0","offset":1}' "$(cat "$dir"/dead/*)" "the dead letter"
  equal "2" "$(cat "$dir"/good/* | wc -l)" "the good rows"
}

kafka_case_rows_are_updated_by_key() {
  kafka_topic totals 2
  cat >"$dir/changes.json" <<'S'
{"op":"c","before":null,"after":{"id":1,"branch":"north","balance":10}}
{"op":"c","before":null,"after":{"id":2,"branch":"south","balance":5}}
{"op":"u","before":{"id":1,"branch":"north","balance":10},"after":{"id":1,"branch":"south","balance":30}}
S
  cat >"$dir/totals.sql" <<S
CREATE TABLE accounts (id INT, branch STRING, balance INT, PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'filesystem', 'path' = '$dir/changes.json', 'format' = 'debezium-json');
CREATE TABLE totals (branch STRING, total INT, PRIMARY KEY (branch) NOT ENFORCED) WITH (
  'connector' = 'upsert-kafka', 'topic' = 'totals', 'properties.bootstrap.servers' = '$KAFKA', 'scan.bounded.mode' = 'latest-offset', 'key.format' = 'json', 'value.format' = 'json');
SET 'execution.batch-size' = '1';
INSERT INTO totals SELECT branch, SUM(balance) FROM accounts GROUP BY branch;
SELECT SUM(total) AS total, COUNT(*) AS branches FROM totals;
S
  equal "total,branches
35,1" "$(riverrun run "$dir/totals.sql" --output csv -p 2 | tail -n 2 | cut -d, -f2-)" "what the records have made of the rows"
}

kafka_case_errors_say_what_to_do() {
  kafka_topic exists 1
  numbers missing "$bounded" >"$dir/topic.sql"; echo "SELECT * FROM numbers;" >>"$dir/topic.sql"
  local text; text=$(riverrun run "$dir/topic.sql" 2>&1) && fail "a missing topic was no error"
  [[ $text == *"cannot read topic 'missing'"* && $text == *"create the topic first"* ]] || fail "$text"
  sed "s/$KAFKA/127.0.0.1:1/" "$dir/topic.sql" >"$dir/broker.sql"
  text=$(riverrun run "$dir/broker.sql" 2>&1) && fail "a missing broker was no error"
  [[ $text == *"127.0.0.1:1"* && $text == *"properties.bootstrap.servers"* ]] || fail "$text"
  numbers exists ", 'properties.no.such.thing' = 'x' $bounded" >"$dir/property.sql"; echo "SELECT * FROM numbers;" >>"$dir/property.sql"
  text=$(riverrun run "$dir/property.sql" 2>&1) && fail "an unknown property was no error"
  [[ $text == *"no.such.thing"* ]] || fail "$text"
}

sasl=", 'properties.security.protocol' = 'SASL_PLAINTEXT', 'properties.sasl.mechanism' = 'PLAIN'"
# jaas PASSWORD: Flink's way to name a user.
jaas() { echo "$sasl, 'properties.sasl.jaas.config' = 'org.apache.kafka.common.security.plain.PlainLoginModule required username=\"writer\" password=\"$1\";'"; }
tls=", 'properties.security.protocol' = 'SSL'"
authority=", 'properties.ssl.ca.location' = '$work/ca.pem'"

kafka_case_sasl_plain() {
  kafka_topic sasl 2
  local KAFKA=$KAFKA_SASL
  write sasl 1 20 "$(jaas right)"
  equal "$(seq -s' ' 1 20)" "$(read_ids sasl "$(jaas right)$bounded")" "with Flink's option"
  equal "$(seq -s' ' 1 20)" "$(read_ids sasl "$sasl, 'properties.sasl.username' = 'writer', 'properties.sasl.password' = 'right'$bounded")" "with name and password"
}

kafka_case_tls() {
  kafka_topic tls 2
  local KAFKA=$KAFKA_SSL
  write tls 1 20 "$tls$authority"
  equal "$(seq -s' ' 1 20)" "$(read_ids tls "$tls$authority$bounded")" "rows"
}

# refused NAME STATEMENT OPTIONS: in the background, what is said to who is not let in.
refused() {
  { numbers any "$3$bounded"; echo "$2"; } >"$dir/$1.sql"
  { local code=0; riverrun run "$dir/$1.sql" || code=$?; echo "exit code $code"; } >"$dir/$1" 2>&1 &
}
kafka_case_who_is_not_let_in_is_told_why() {
  local name text read="SELECT * FROM numbers;" insert="INSERT INTO numbers VALUES (1, 'w1');"
  KAFKA=$KAFKA_SASL refused password_read "$read" "$(jaas wrong)"
  KAFKA=$KAFKA_SASL refused password_write "$insert" "$(jaas wrong)"
  KAFKA=$KAFKA_SSL refused authority_read "$read" "$tls"
  KAFKA=$KAFKA_SSL refused authority_write "$insert" "$tls, 'properties.ssl.ca.location' = '$work/other-ca.pem'"
  wait
  for name in password_read password_write authority_read authority_write; do
    text=$(cat "$dir/$name")
    [[ $text == *"error: cannot reach Kafka for table 'numbers'"*"exit code 1" ]] || fail "$name: $text"
    case $name in
      password_*) [[ $text == *"Invalid username or password"* ]] || fail "$name: $text" ;;
      authority_*) [[ $text == *"certificate verify failed"*"ssl.ca.location"* ]] || fail "$name: $text" ;;
    esac
  done
}

kafka_case_a_pattern_of_topics() {
  kafka_topic east_a 2; kafka_topic east_abc 1
  write east_a 1 20; write east_abc 100 109
  { numbers "" ", 'scan.startup.mode' = 'earliest-offset', 'scan.topic-partition-discovery.interval' = '500 ms'" | sed "s/'topic' = ''/'topic-pattern' = 'east_(a|ab|b)'/"
    echo "CREATE TABLE results (id INT) WITH ('connector' = 'print');"
    echo "INSERT INTO results SELECT id FROM numbers;"; } >"$dir/pattern.sql"
  "$RIVERRUN" run "$dir/pattern.sql" -p 2 >"$dir/out" &
  local pid=$! turn
  kafka_topic east_b 1
  write east_b 21 40
  for turn in $(seq 150); do [ "$(grep -c '+I' "$dir/out")" = 40 ] && break; sleep 0.2; done
  kill -INT $pid; wait $pid
  equal "$(seq -s' ' 1 40)" "$(sed -nE 's/.*\+I\[([0-9]+)\]/\1/p' "$dir/out" | sort -n | paste -sd' ')" "rows of the topics that match"
}

kafka_case_the_prefix_of_key_columns() {
  kafka_topic prefixed 1
  local topic="'connector' = 'kafka', 'topic' = 'prefixed', 'properties.bootstrap.servers' = '$KAFKA', 'value.fields-include' = 'EXCEPT_KEY'$bounded" text
  cat >"$dir/prefixed.sql" <<S
CREATE TABLE prefixed (k_id INT, id STRING, k_part STRING) WITH ($topic, 'key.format' = 'json', 'key.fields' = 'k_id;k_part', 'key.fields-prefix' = 'k_', 'value.format' = 'json');
CREATE TABLE records (k STRING, v STRING) WITH ($topic, 'key.format' = 'raw', 'key.fields' = 'k', 'value.format' = 'raw');
INSERT INTO prefixed VALUES (1, 'one', 'a'), (2, 'two', 'b');
SELECT k || ' ' || v AS record FROM records;
SELECT * FROM prefixed;
S
  equal '+I[{"id":1,"part":"a"} {"id":"one"}]
+I[{"id":2,"part":"b"} {"id":"two"}]
+I[1, one, a]
+I[2, two, b]' "$(riverrun run "$dir/prefixed.sql" --output changelog)" "records and rows"
  sed "s/'k_'/'k_i'/" "$dir/prefixed.sql" >"$dir/wrong.sql"
  text=$(riverrun run "$dir/wrong.sql" 2>&1) && fail "a key's column without the prefix was no error"
  [[ $text == *"column 'k_part' of the key does not begin with 'k_i'"* ]] || fail "$text"
}

# chosen_by WAY OPTIONS: a table of the topic 'chosen'.
chosen_by() { echo "CREATE TABLE $1 (id INT, word STRING, way STRING) WITH ('connector' = 'kafka', 'topic' = 'chosen', 'properties.bootstrap.servers' = '$KAFKA', 'value.format' = 'json'${2:-});"; }
kafka_case_partitioners() {
  kafka_topic chosen 3
  local key=", 'key.format' = 'raw', 'key.fields' = 'word'" way
  { chosen_by turns ", 'sink.partitioner' = 'round-robin'"; chosen_by single ", 'sink.partitioner' = 'fixed'"
    chosen_by hashed "$key"; chosen_by crc "$key, 'properties.partitioner' = 'consistent'"; chosen_by keyless
    for way in turns single hashed hashed crc keyless; do
      echo "INSERT INTO $way VALUES $(seq 12 | sed "s/.*/(&, 'w&', '$way')/" | paste -sd,);"
    done; } >"$dir/write.sql"
  riverrun run "$dir/write.sql" -p 1
  # Two workers read three partitions, and each writes to one.
  { chosen_by two ", 'sink.partitioner' = 'fixed'"; chosen_by turns "$bounded"
    echo "INSERT INTO two SELECT id, word, 'two' FROM turns WHERE way = 'turns';"; } >"$dir/two.sql"
  riverrun run "$dir/two.sql" -p 2
  { chosen_by chosen "$bounded" | sed "s/way STRING/&, p INT METADATA FROM 'partition' VIRTUAL/"; echo "SELECT way, p, id FROM chosen;"; } >"$dir/read.sql"
  riverrun run "$dir/read.sql" --output csv -p 1 | tail -n +2 | sort -t, -k1,1 -k2,2n -k3,3n >"$dir/rows"
  # The numbers in each partition of a way.
  chosen() { grep "^$1," "$dir/rows" | uniq | awk -F, 'NR == 1 || $2 != p { printf "%s%s:", sep, $2; p = $2; sep = " | " } { printf " " $3 }'; }
  equal "0: 3 6 9 12 | 1: 1 4 7 10 | 2: 2 5 8 11" "$(chosen turns)" "round-robin"
  equal "0: 1 2 3 4 5 6 7 8 9 10 11 12" "$(chosen single)" "fixed, one worker"
  equal "0: 2 3 5 6 8 9 11 12 | 1: 1 4 7 10" "$(chosen two)" "fixed, two workers"
  equal "24 12" "$(grep -c ^hashed, "$dir/rows") $(grep ^hashed, "$dir/rows" | uniq | wc -l)" "by key: rows, and keys with their partitions"
  equal "0: 2 4 10 | 1: 5 7 11 12 | 2: 1 3 6 8 9" "$(chosen hashed)" "by key, as the Java client does it"
  [ "$(chosen crc)" != "$(chosen hashed)" ] || fail "'properties.partitioner' has no effect"
  equal "$(seq -s' ' 12)" "$(grep ^keyless, "$dir/rows" | cut -d, -f3 | sort -n | paste -sd' ')" "without a key"
}

# copying TOPIC OPTIONS: a job in $dir/copy.sql that prints the numbers of a topic without end; printed: those it has printed.
copying() {
  { numbers "$1" ", 'scan.startup.mode' = 'earliest-offset'${2:-}"
    echo "CREATE TABLE results (id INT) WITH ('connector' = 'print');"
    echo "INSERT INTO results SELECT id FROM numbers;"; } >"$dir/copy.sql"
}
printed() { sed -nE 's/^\+I\[([0-9]+)\]/\1/p' "$dir/out" | sort -n | paste -sd' '; }
# awaits COUNT: until so many rows are printed.
awaits() { local turn; for turn in $(seq 150); do [ "$(grep -c '^+I' "$dir/out")" = "$1" ] && return 0; sleep 0.2; done; echo "printed: $(printed)"; return 1; }

kafka_case_new_partitions_are_found() {
  kafka_topic grows 1
  write grows 1 3
  copying grows ", 'scan.topic-partition-discovery.interval' = '500 ms'"
  "$RIVERRUN" run "$dir/copy.sql" -p 1 >"$dir/out" & RUN=$!
  kafka_java org.apache.kafka.tools.TopicCommand --bootstrap-server $KAFKA --alter --topic grows --partitions 3
  write grows 4 60
  awaits 60
  kill -INT $RUN; finish_run
  equal "$(seq -s' ' 1 60)" "$(printed)" "rows of old and new partitions"
}

# The brokers answer nothing for longer than a question waits, and new partitions are asked for all the time.
kafka_case_a_source_waits_for_a_broker_that_does_not_answer() {
  local broker; broker=$(cat "$work/kafka.pid")
  kafka_topic silent 1
  write silent 1 3
  copying silent ", 'scan.topic-partition-discovery.interval' = '500 ms'"
  "$RIVERRUN" run "$dir/copy.sql" -p 1 >"$dir/out" 2>"$dir/said" & RUN=$!
  awaits 3
  kill -STOP "$broker"; sleep 13; kill -CONT "$broker"
  kafka_java org.apache.kafka.tools.TopicCommand --bootstrap-server $KAFKA --alter --topic silent --partitions 3
  write silent 4 40
  awaits 40 || fail "$(cat "$dir/said")"
  kill -INT $RUN; finish_run
  equal "$(seq -s' ' 1 40)" "$(printed)" "rows of old and new partitions"
  grep -q "table 'numbers': new partitions are looked for later: cannot reach Kafka" "$dir/said" || fail "it said: $(cat "$dir/said")"
}

# removed TOPIC OFFSET: the broker has no records of partition 0 before this offset any more.
removed() {
  echo "{\"partitions\": [{\"topic\": \"$1\", \"partition\": 0, \"offset\": $2}], \"version\": 1}" >"$dir/removed.json"
  kafka_java org.apache.kafka.tools.DeleteRecordsCommand --bootstrap-server $KAFKA --offset-json-file "$dir/removed.json" >/dev/null
}
# gone TOPIC: what is said of it.
gone() { echo "topic '$1', partition 0: the records from offset 10 on are gone, the oldest one left is 15"; }

kafka_case_records_that_are_removed_before_a_restart_are_missed() {
  kafka_topic keeps 1
  write keeps 1 10
  copying keeps
  start_run "$dir/copy.sql" -p 1 >/dev/null
  until [ "$(newest_checkpoint 2>/dev/null)" -ge 1 ] && [ "$(grep -c '^+I' "$dir/run.log")" = 10 ]; do sleep 0.1; done 2>/dev/null
  sleep 1; kill_run
  write keeps 11 20; removed keeps 15
  local text; text=$(timeout 30 "$RIVERRUN" run "$dir/copy.sql" -p 1 --state-dir "$dir/state" 2>&1) && fail "it went on"
  [[ $text == *"error: table 'numbers', $(gone keeps)"*"'properties.auto.offset.reset' = 'earliest' goes on"* ]] || fail "$text"
  copying keeps ", 'properties.auto.offset.reset' = 'earliest'"
  "$RIVERRUN" run "$dir/copy.sql" -p 1 --state-dir "$dir/state" >"$dir/out" 2>"$dir/said" & RUN=$!
  awaits 5; kill -INT $RUN; finish_run
  equal "$(seq -s' ' 16 20)" "$(printed)" "rows that are left"
  grep -q "$(gone keeps); it goes on from the oldest record" "$dir/said" || fail "it said: $(cat "$dir/said")"
}

# removed_while_read TOPIC OPTIONS: a source is stopped, and what it would read next is removed meanwhile.
removed_while_read() {
  kafka_topic "$1" 1
  write "$1" 1 10
  copying "$1" "$2"
  "$RIVERRUN" run "$dir/copy.sql" -p 1 >"$dir/out" 2>"$dir/said" & RUN=$!
  awaits 10
  # The question for more that is under way is answered: there is nothing.
  kill -STOP $RUN; sleep 2
  write "$1" 11 20; removed "$1" 15
  kill -CONT $RUN
}
kafka_case_records_that_are_removed_before_they_are_read_are_missed() {
  removed_while_read kept "" || return 1
  local turn
  for turn in $(seq 150); do kill -0 $RUN 2>/dev/null || break; sleep 0.2; done
  ! kill -0 $RUN 2>/dev/null || { kill_run; fail "it went on"; }
  if wait "$RUN"; then fail "it ended well"; fi
  grep -q "error: table 'numbers', $(gone kept)" "$dir/said" || fail "it said: $(cat "$dir/said")"
}
kafka_case_removed_records_are_passed_over_if_that_is_wanted() {
  removed_while_read passed ", 'properties.auto.offset.reset' = 'earliest'"
  awaits 15; kill -INT $RUN; finish_run
  equal "$(echo $(seq 10) $(seq 16 20))" "$(printed)" "rows"
  grep -q "$(gone passed); it goes on from the oldest record" "$dir/said" || fail "it said: $(cat "$dir/said")"
}

kafka_case_what_a_broker_refuses_fails_the_job_whatever_is_promised() {
  kafka_java org.apache.kafka.tools.TopicCommand --bootstrap-server $KAFKA --create --topic short --partitions 1 --config max.message.bytes=200
  local guarantee text
  for guarantee in none at-least-once; do
    { numbers short ", 'sink.delivery-guarantee' = '$guarantee'"; echo "INSERT INTO numbers VALUES (1, REPEAT('long', 100));"; } >"$dir/$guarantee.sql"
    text=$(riverrun run "$dir/$guarantee.sql" 2>&1) && fail "$guarantee: it was no error"
    [[ $text == *"error: cannot write table 'numbers' to topic 'short': MessageSizeTooLarge"* ]] || fail "$guarantee: $text"
  done
}

# kafka_again PROPERTY…: the broker is started anew with these properties too.
kafka_again() { printf '%s\n' "$@" >>"$work/kafka.properties"; kafka_crash; kafka_up; }

exactly=", 'sink.delivery-guarantee' = 'exactly-once'"
# into TOPIC OPTIONS: a table of numbers in a topic.
into() { echo "CREATE TABLE written (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '$1', 'properties.bootstrap.servers' = '$KAFKA', 'format' = 'json' $2);"; }
committed_ids() { { into "$1" "$bounded"; echo "SELECT id FROM written;"; } >"$dir/read.sql"; riverrun run "$dir/read.sql" --output csv -p 1 | tail -n +2 | sort -n; }

kafka_case_exactly_once_through_kills() {
  kafka_topic once 3
  { numbers_source 6000 5; into once "$exactly"; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/once.sql"
  crash_run "$dir/once.sql" 6
  equal "$(seq 6000 | md5sum)" "$(committed_ids once | md5sum)" "what read_committed sees"
  equal "" "$(kafka_java org.apache.kafka.tools.TransactionsCommand --bootstrap-server $KAFKA list | grep -i ongoing)" "open transactions"
}

kafka_case_exactly_once_through_a_crash_of_the_broker() {
  kafka_topic broker 2
  { numbers_source 4000 12; into broker "$exactly, 'sink.transactional-id-prefix' = 'mine'"; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/broker.sql"
  start_run "$dir/broker.sql" -p 2
  sleep 4; kafka_crash; kafka_up
  finish_run
  equal "$(seq 4000 | md5sum)" "$(committed_ids broker | md5sum)" "what read_committed sees"
}

ongoing() { kafka_java org.apache.kafka.tools.TransactionsCommand --bootstrap-server $KAFKA list | grep -ci ongoing || true; }

kafka_case_exactly_once_through_a_crash_of_the_broker_in_mid_transaction() {
  kafka_topic middle 2
  { numbers_source 3000 8; into middle "$exactly"; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/middle.sql"
  # Rows and token are in the transaction, and it is not committed.
  armed 'stall(4s)@target-commit:6'
  start_run "$dir/middle.sql" -p 2; disarmed
  struck stall; kafka_crash; kafka_up
  finish_run
  equal "$(seq 3000 | md5sum)" "$(committed_ids middle | md5sum)" "what read_committed sees"
}

kafka_case_no_orphan_transaction_pins_the_end_after_a_rescale() {
  kafka_topic orphan 3
  { numbers_source 4000 6; into orphan "$exactly"; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/orphan.sql"
  armed 'kill@target-commit:9'
  start_run "$dir/orphan.sql" -p 4; disarmed
  if wait "$RUN"; then fail "the fault has not struck"; fi
  [ "$(ongoing)" -ge 1 ] || fail "the dead workers have left no open transaction"
  start_run "$dir/orphan.sql" -p 1; finish_run
  equal 0 "$(ongoing)" "open transactions"
  equal "$(seq 4000 | md5sum)" "$(committed_ids orphan | md5sum)" "what read_committed sees"
}

kafka_case_a_topic_that_goes_while_it_is_written_fails_the_job() {
  kafka_topic goes 1
  { numbers_source 6000 20; into goes "$exactly"; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/goes.sql"
  start_run "$dir/goes.sql" -p 1
  until [ "$(newest_checkpoint 2>/dev/null)" -ge 3 ] 2>/dev/null; do sleep 0.05; done
  kafka_java org.apache.kafka.tools.TopicCommand --bootstrap-server $KAFKA --delete --topic goes
  if wait "$RUN"; then fail "the job did not fail"; fi
  grep -q "cannot write table 'written': topic 'goes': UnknownTopicOrPartition" "$dir/run.log" || fail "$(cat "$dir/run.log")"
  # A new one of the same name knows of no commits.
  kafka_topic goes 1
  local text; text=$(riverrun run "$dir/goes.sql" --state-dir "$dir/state" 2>&1) && fail "the new topic was gone on with"
  [[ $text == *"table 'written' has lost its commit token"* ]] || fail "$text"
}

# STALL=30 is the whole proof; a shorter one shows the same. A start waits 10 s for an answer of the broker, so the kill comes late.
kafka_case_a_stalled_broker_holds_up_no_checkpoint() {
  local stall=${STALL:-6} rows broker
  rows=$((500 * (stall + 4))); broker=$(cat "$work/kafka.pid")
  kafka_topic stalled 1
  { numbers_source $rows $((stall + 4)); into stalled "$exactly"; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/stalled.sql"
  set -- "$dir/stalled.sql" -p 1 -D execution.checkpointing.num-retained=10000
  start_run "$@"
  until [ "$(newest_checkpoint 2>/dev/null)" -ge 3 ] 2>/dev/null; do sleep 0.05; done
  ( kill -STOP "$broker"; sleep "$stall"; kill -CONT "$broker" ) & local stalled=$!
  sleep $((stall - 1)); kill_run; start_run "$@"
  wait $stalled; finish_run
  { into stalled "$bounded"; echo "SELECT id FROM written;"; } >"$dir/read.sql"
  equal "$(seq $rows | md5sum)" "$(riverrun run "$dir/read.sql" --output csv -p 1 | tail -n +2 | md5sum)" "rows in order"
  checkpoints_during "$stall"
}

# kafka_comes_back TOPIC POINT WHEN OPTIONS [WORKERS]: as come_back, over a topic.
kafka_comes_back() {
  kafka_topic "$1" 2
  { numbers_source 4000 8; into "$1" "$4"; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/back.sql"
  come_back "$dir/back.sql" "$2" "$3" ${5:-}
}
kafka_comes_back_and_is_refused() {
  kafka_comes_back "$1" "$2" "$3" "$exactly" ${4:-}
  equal "$(seq 4000 | md5sum)" "$(committed_ids "$1" | md5sum)" "what read_committed sees"
  equal 0 "$(ongoing)" "open transactions"
}
kafka_case_an_older_start_comes_back_in_mid_transaction() { kafka_comes_back_and_is_refused back-middle target-commit:6 after; }
kafka_case_an_older_start_comes_back_before_it_writes() { kafka_comes_back_and_is_refused back-before sink-write:6 while; }
# It has lost its connection, and would take the lane over from its successor if it just connected anew.
kafka_case_an_older_start_comes_back_without_its_connection() { kafka_comes_back_and_is_refused back-lost "sink-write:7,disconnect@sink-write:6,stall(10s)@manifest-put:9" while 1; }
# The same without transactions: what the older start still writes is seen twice, so the two cases above see something.
kafka_case_an_older_start_that_comes_back_repeats_rows_at_least_once() {
  kafka_comes_back back-least sink-write:6 while ""
  committed_ids back-least >"$dir/ids"
  equal "$(seq 4000 | md5sum)" "$(uniq "$dir/ids" | md5sum)" "different rows"
  [ "$(uniq -d "$dir/ids" | wc -l)" -gt 0 ] || fail "no row was repeated"
}

kafka_case_an_older_checkpoint_is_gone_on_from_only_if_that_is_wanted() {
  kafka_topic rewound 3; kafka_topic rewound_sums 2
  local sums="CREATE TABLE sums (k BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'upsert-kafka', 'topic' = 'rewound_sums', 'properties.bootstrap.servers' = '$KAFKA', 'key.format' = 'json', 'value.format' = 'json'"
  { numbers_source 4000 5; into rewound "$exactly"; echo "$sums$exactly);"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO written SELECT id FROM numbers; INSERT INTO sums SELECT MOD(id, 40), COUNT(*) FROM numbers GROUP BY MOD(id, 40); END;"
  } >"$dir/rewound.sql"
  going_back "$dir/rewound.sql"
  committed_ids rewound >"$dir/ids"
  equal "$(seq 4000 | md5sum)" "$(uniq "$dir/ids" | md5sum)" "different rows"
  # What was committed after the checkpoint stands twice.
  equal 2 "$(uniq -c "$dir/ids" | awk '$1 > most { most = $1 } END { print most }')" "how often a row stands there at the most"
  { echo "$sums, 'scan.bounded.mode' = 'latest-offset');"; echo "SELECT SUM(n) AS n, COUNT(*) AS ks FROM sums;"; } >"$dir/sums.sql"
  equal "4000,40" "$(riverrun run "$dir/sums.sql" --output csv -p 2 | tail -1 | cut -d, -f2-)" "sums by key"
  equal 0 "$(ongoing)" "open transactions"
}

kafka_case_matrix_of_failpoints() {
  kafka_topic cells 2; kafka_topic cell_sums 1
  { numbers_source 2000 1; into cells "$exactly"
    echo "CREATE TABLE sums (k BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'upsert-kafka', 'topic' = 'cell_sums', 'properties.bootstrap.servers' = '$KAFKA', 'key.format' = 'json', 'value.format' = 'json'$exactly);"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO written SELECT id FROM numbers; INSERT INTO sums SELECT MOD(id, 40), COUNT(*) FROM numbers GROUP BY MOD(id, 40); END;"
  } >"$dir/cells.sql"
  matrix "$dir/cells.sql" -D execution.checkpointing.interval=200ms
  equal "" "$(committed_ids cells)" "rows in the topic that was not to be touched"
}

# Without checkpoints, from where the topic ends: what comes while nobody reads is lost, and nothing comes twice.
kafka_case_at_most_once_loses_rows_and_repeats_none() {
  kafka_topic most_in 1; kafka_topic most_out 1
  { numbers_source 8000 8; into most_in ""; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/feed.sql"
  { into most_out ", 'sink.delivery-guarantee' = 'none'"
    echo "CREATE TABLE source (id BIGINT) WITH ('connector' = 'kafka', 'topic' = 'most_in', 'properties.bootstrap.servers' = '$KAFKA', 'format' = 'json', 'scan.startup.mode' = 'latest-offset');"
    echo "INSERT INTO written SELECT id FROM source;"; } >"$dir/copy.sql"
  riverrun run "$dir/feed.sql" & local feed=$! turn
  for turn in 1 2; do
    "$RIVERRUN" run "$dir/copy.sql" >>"$dir/run.log" 2>&1 & RUN=$!
    sleep 2.5; kill_run; sleep 0.5
  done
  wait $feed
  local rows different; rows=$(committed_ids most_out | wc -l); different=$(committed_ids most_out | uniq | wc -l)
  [ "$rows" -gt 0 ] || fail "nothing was copied"
  equal "$different" "$rows" "rows, each once"
  [ "$rows" -lt 8000 ] || fail "nothing was lost, though nobody read for a while"
}

kafka_case_at_least_once_loses_nothing() {
  kafka_topic least 2
  { numbers_source 6000 5; into least ""; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/least.sql"
  crash_run "$dir/least.sql" 4
  equal "$(seq 6000 | md5sum)" "$(committed_ids least | uniq | md5sum)" "different rows"
}

kafka_case_from_topic_to_topic_exactly_once() {
  kafka_topic first 3; kafka_topic second 2
  { numbers_source 6000 1; into first ""; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/fill.sql"
  riverrun run "$dir/fill.sql"
  { into second "$exactly"; echo "CREATE TABLE source (id BIGINT) WITH ('connector' = 'kafka', 'topic' = 'first', 'properties.bootstrap.servers' = '$KAFKA', 'properties.group.id' = 'copy', 'format' = 'json' $bounded);"
    echo "INSERT INTO written SELECT id FROM source;"; } >"$dir/copy.sql"
  crash_run "$dir/copy.sql" 3
  equal "$(seq 6000 | md5sum)" "$(committed_ids second | md5sum)" "what read_committed sees"
}

# Brokers end a transaction that is open for longer, and refuse its producer as they do one that was taken over.
kafka_case_a_transaction_that_the_brokers_have_ended_is_written_once_more() {
  kafka_topic overlong 1
  { numbers_source 2000 4; into overlong "$exactly, 'properties.transaction.timeout.ms' = '2000'"; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/overlong.sql"
  armed 'stall(14s)@target-commit:3,stall(14s)@token:6'
  start_run "$dir/overlong.sql" -p 1; disarmed
  finish_run
  equal 2 "$(grep -c ^stall "$dir/ledger/struck")" "stalls"
  equal 2 "$(grep -c 'trying again (1 of 20): .* the brokers have given the transactional id' "$dir/run.log")" "what was told of: $(tail -5 "$dir/run.log")"
  equal "$(seq 2000 | md5sum)" "$(committed_ids overlong | md5sum)" "what read_committed sees"
}

kafka_case_sinks_of_one_prefix_do_not_get_in_each_others_way() {
  kafka_topic prefixes 1
  { numbers_source 3000 5; into prefixes "$exactly, 'sink.transactional-id-prefix' = 'mine'"
    echo "EXECUTE STATEMENT SET BEGIN INSERT INTO written SELECT id FROM numbers; INSERT INTO written SELECT id + 10000 FROM numbers; END;"; } >"$dir/prefixes.sql"
  crash_run "$dir/prefixes.sql" 2
  equal "$({ seq 3000; seq 10001 13000; } | md5sum)" "$(committed_ids prefixes | md5sum)" "what read_committed sees"
}

kafka_case_a_transaction_timeout_that_brokers_forbid_is_refused() {
  kafka_topic timeout 1
  { numbers_source 10 1; into timeout "$exactly, 'properties.transaction.timeout.ms' = '3600000'"; echo "INSERT INTO written SELECT id FROM numbers;"; } >"$dir/timeout.sql"
  local text; text=$(riverrun run "$dir/timeout.sql" --state-dir "$dir/state" 2>&1) && fail "it was no error"
  [[ $text == *"may stay open for 900000 ms at the most, and 3600000 ms are asked for"* ]] || fail "$text"
  text=$(riverrun run "$dir/timeout.sql" 2>&1) && fail "exactly-once without checkpoints was no error"
  [[ $text == *"the job has no checkpoints"* ]] || fail "$text"
}

# The lane has nothing to write for longer than the brokers know its transactional id.
kafka_case_a_transactional_id_that_the_brokers_have_forgotten_is_asked_for_anew() {
  kafka_topic forgets_in 1; kafka_topic forgets 1
  cp "$work/kafka.properties" "$dir/before"
  trap 'cp "$dir/before" "$work/kafka.properties"; kafka_crash; kafka_up' EXIT
  kafka_again transactional.id.expiration.ms=3000 transaction.remove.expired.transaction.cleanup.interval.ms=500 producer.id.expiration.ms=3000
  { into forgets "$exactly"
    echo "CREATE TABLE source (id BIGINT) WITH ('connector' = 'kafka', 'topic' = 'forgets_in', 'properties.bootstrap.servers' = '$KAFKA', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset');"
    echo "INSERT INTO written SELECT id FROM source;"; } >"$dir/forgets.sql"
  write forgets_in 1 5
  start_run "$dir/forgets.sql" -p 1
  local turn ids
  for turn in $(seq 100); do [ "$(committed_ids forgets | wc -l)" = 5 ] && break; sleep 0.2; done
  for turn in $(seq 100); do
    ids=$(kafka_java org.apache.kafka.tools.TransactionsCommand --bootstrap-server $KAFKA list | grep -c riverrun-) || true
    [ "$ids" = 0 ] && break; sleep 0.3
  done
  equal 0 "$ids" "transactional ids of the job that the brokers know"
  write forgets_in 6 9
  for turn in $(seq 50); do [ "$(committed_ids forgets | wc -l)" = 9 ] && break; kill -0 $RUN 2>/dev/null || break; sleep 0.2; done
  kill -INT $RUN || true
  finish_run
  equal "$(seq 9 | paste -sd' ')" "$(committed_ids forgets | paste -sd' ')" "rows"
}

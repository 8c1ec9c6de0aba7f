"""Keyed state: what checkpoints cost, how long a barrier pauses the rows, what is uploaded, restore, and state beyond memory.

Usage: state.py RIVERRUN WORKDIR. KEYS, ROWS, HELD, WORKERS, FILL (seconds), MEMORY and TURNS set the sizes; TABLES names those
that are printed (checkpointed held uploads steady restore beyond). The binary needs the feature rocksdb."""
import json, os, shutil, signal, statistics, subprocess, sys, time
from pathlib import Path

riverrun, work = sys.argv[1], Path(sys.argv[2])
KEYS = int(os.environ.get("KEYS", 10_000_000))
ROWS = int(os.environ.get("ROWS", 6 * KEYS))
HELD = int(os.environ.get("HELD", 3_000_000))
FILL = int(os.environ.get("FILL", 60))
WORKERS = os.environ.get("WORKERS", "2")
TURNS = int(os.environ.get("TURNS", 3))
# Enough for all keys: only the last table is about state that is larger.
ROOMY = f"state.memory={os.environ.get('MEMORY', '4gb')}"

EVERY_SECOND = ["execution.checkpointing.interval=1s", "execution.checkpointing.num-retained=1000"]


def sums(rows, sink="'connector' = 'blackhole'", rate=1_000_000_000):
    """Running aggregates of KEYS keys; some 100 bytes of state each."""
    count = f"'number-of-rows' = '{rows}'," if rows else ""
    return f"""
CREATE TABLE numbers (k BIGINT, n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{rate}', {count}
  'fields.k.min' = '0', 'fields.k.max' = '{KEYS - 1}', 'fields.n.min' = '0', 'fields.n.max' = '999');
CREATE TABLE sink (k BIGINT, c BIGINT, s BIGINT, m BIGINT, a BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ({sink});
INSERT INTO sink SELECT k, COUNT(*), SUM(n), MAX(n), AVG(n) FROM numbers GROUP BY k;"""


def windows(rows):
    """Like Nexmark's q5: how often each of many items was bid for in sliding windows."""
    return f"""
CREATE TABLE bids (n BIGINT, item BIGINT, ts AS TO_TIMESTAMP_LTZ(n / 10, 3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND)
WITH ('connector' = 'datagen', 'rows-per-second' = '1000000000', 'number-of-rows' = '{rows}', 'fields.n.kind' = 'sequence',
  'fields.n.start' = '0', 'fields.n.end' = '{rows - 1}', 'fields.item.min' = '0', 'fields.item.max' = '9999');
CREATE TABLE sink (w TIMESTAMP(3), item BIGINT, c BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO sink SELECT window_start, item, COUNT(*)
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end, item;"""


def waiting():
    """Jobs of which each holds the rows of the last five minutes, some HELD of them."""
    per_ms = HELD // 300_000
    rows = 4 * HELD

    def stream(name):
        return f"""
CREATE TABLE {name} (n BIGINT, k BIGINT, ts AS TO_TIMESTAMP_LTZ(n / {per_ms}, 3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND)
WITH ('connector' = 'datagen', 'rows-per-second' = '1000000000', 'number-of-rows' = '{rows}', 'fields.n.kind' = 'sequence',
  'fields.n.start' = '0', 'fields.n.end' = '{rows - 1}', 'fields.k.min' = '0', 'fields.k.max' = '{HELD - 1}');"""

    sink = "CREATE TABLE sink (k BIGINT, c BIGINT) WITH ('connector' = 'blackhole');\nINSERT INTO sink "
    a, b = stream("a"), stream("b")
    return rows, {
        "interval join": a + b + sink + """SELECT a.k, b.n FROM a JOIN b
ON a.k = b.k AND a.ts BETWEEN b.ts - INTERVAL '5' MINUTE AND b.ts;""",
        "sessions": a + sink + """SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE a PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' MINUTE))
GROUP BY k, window_start, window_end;""",
        "OVER": a + sink + """SELECT k, SUM(n) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW)
FROM a;""",
        "MATCH_RECOGNIZE": a + sink + """SELECT k, c FROM a MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES x.n AS c
PATTERN (x y) WITHIN INTERVAL '5' MINUTE DEFINE y AS y.n = x.n + 1);""",
    }


def command(name, sql, *settings, state=None):
    (work / f"{name}.sql").write_text(sql)
    line = [riverrun, "run", str(work / f"{name}.sql"), "-p", WORKERS, "--summary", str(work / "summary.json")]
    if state:
        line += ["--state-dir", str(work / state)]
    if not any(setting.startswith("state.") for setting in settings):
        settings = (ROOMY, *settings)
    for setting in settings:
        line += ["-D", setting]
    return line


def run(name, sql, *settings, state=None):
    subprocess.run(command(name, sql, *settings, state=state), check=True, stdout=subprocess.DEVNULL)
    return json.loads((work / "summary.json").read_text())


def stopped(line, seconds):
    """Runs a job for so long, and lets it end in good order."""
    job = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    time.sleep(seconds)
    job.send_signal(signal.SIGTERM)
    job.wait()


def checkpoints(state):
    listed = subprocess.run([riverrun, "checkpoints", str(work / state), "--json"], check=True, capture_output=True)
    return [entry for entry in json.loads(listed.stdout) if entry["checkpoint"]]


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def title(text, *columns):
    print(f"\n{text}\n")
    row(*columns)
    row(*["---"] * len(columns))


def checkpointed():
    """By turns, the first of each turn the last of the one before, since a machine's speed changes from minute to minute."""
    title(f"With a checkpoint each second against without: the median of {TURNS} runs each", "job", "without", "with", "ratio", "longest pause")
    for name, sql in (("sums", sums(ROWS)), ("windows", windows(ROWS))):
        seconds, pauses = ([], []), []
        for turn in range(TURNS):
            for which in (0, 1) if turn % 2 == 0 else (1, 0):
                state = f"state-{name}" if which else None
                if which:
                    shutil.rmtree(work / state, ignore_errors=True)
                summary = run(name, sql, *(EVERY_SECOND if which else []), state=state)
                seconds[which].append(summary["elapsed_seconds"])
                if which:
                    pauses.append(summary["longest_pause_ms"])
        without, with_them = (statistics.median(those) for those in seconds)
        rates = [f"{ROWS / elapsed:,.0f} rows/s" for elapsed in (without, with_them)]
        row(name, *rates, f"{without / with_them:.2f}", f"{max(pauses):.1f} ms")


def held():
    title("What stays in memory: a checkpoint each second against none", "job", "without", "with", "ratio", "largest checkpoint", "longest pause")
    rows, jobs = waiting()
    for name, sql in jobs.items():
        without = run("held", sql)
        state = f"held-{name.split()[0]}"
        with_them = run("held", sql, *EVERY_SECOND, state=state)
        seconds = [summary["elapsed_seconds"] for summary in (without, with_them)]
        rates = [f"{rows / elapsed:,.0f} rows/s" for elapsed in seconds]
        size = max(entry["state_bytes"] for entry in checkpoints(state))
        row(name, *rates, f"{seconds[0] / seconds[1]:.2f}", f"{size / 1e6:,.0f} MB", f"{with_them['longest_pause_ms']:.1f} ms")


def uploads():
    title("What a checkpoint of the sums writes", "checkpoint", "state", "written", "share")
    listed = checkpoints("state-sums")
    for entry in listed[:: max(1, len(listed) // 8)]:
        written, size = entry["checkpoint"]["written"], max(1, entry["state_bytes"])
        row(entry["checkpoint"]["id"], f"{size / 1e6:,.0f} MB", f"{written / 1e6:,.1f} MB", f"{written / size:.2f}")


def steady():
    """All keys are there; a thousandth of them changes per second."""
    title("A large state of which little changes", "checkpoint", "state", "written")
    # Stopped, not ended: a source that has come to its end would not go on.
    stopped(command("fill", sums(None), state="steady"), FILL)
    size = checkpoints("steady")[-1]["state_bytes"]
    # The same job with a slow source goes on from the savepoint of the fast one.
    slow = command("slow", sums(None, rate=max(1, KEYS // 1000)), *EVERY_SECOND, state="steady-2")
    stopped(slow + ["--from", str(work / "steady")], 20)
    for entry in checkpoints("steady-2")[-5:]:
        row(entry["checkpoint"]["id"], f"{size / 1e6:,.0f} MB", f"{entry['checkpoint']['written'] / 1e6:,.1f} MB")
    summary = json.loads((work / "summary.json").read_text())
    print(f"\nlongest pause {summary['longest_pause_ms']:.1f} ms")


def restore():
    title("Restore", "workers", "state", "first output after")
    size = checkpoints("steady")[-1]["state_bytes"]
    for workers in (WORKERS, str(2 * int(WORKERS))):
        line = command("again", sums(None, sink="'connector' = 'print'", rate=1000), state=f"again-{workers}")
        line[line.index("-p") + 1] = workers
        start = time.time()
        job = subprocess.Popen(line + ["--from", str(work / "steady")], stdout=subprocess.PIPE)
        job.stdout.readline()
        elapsed = time.time() - start
        job.send_signal(signal.SIGKILL)
        job.wait()
        row(workers, f"{size / 1e6:,.0f} MB", f"{elapsed:.1f} s")


def beyond():
    title("State of ten times the memory", "backend", "rows/s", "ratio", "peak memory")
    base = run("all", sums(ROWS), "state.backend.type=hashmap")
    # What the state itself takes up: the memory of the job without the rest of the process.
    tenth = max(1, base["peak_memory_bytes"] // 10 >> 20)
    below = run("tenth", sums(ROWS), "state.backend.type=rocksdb", f"state.memory={tenth}mb")
    for name, summary in (("hashmap", base), (f"rocksdb, state.memory={tenth}mb", below)):
        ratio = base["elapsed_seconds"] / summary["elapsed_seconds"]
        peak = f"{summary['peak_memory_bytes'] / 1e6:,.0f} MB"
        row(name, f"{ROWS / summary['elapsed_seconds']:,.0f}", f"{ratio:.2f}", peak)


tables = [checkpointed, held, uploads, steady, restore, beyond]
wanted = os.environ.get("TABLES", " ".join(table.__name__ for table in tables)).split()
unknown = set(wanted) - {table.__name__ for table in tables}
if unknown:
    sys.exit(f"no table {', '.join(sorted(unknown))}; there are {' '.join(table.__name__ for table in tables)}")
for table in tables:
    if table.__name__ in wanted:
        table()

"""From a line appended to a tailed file to the printed row; start to first row; CPU while idle."""
import os, resource, subprocess, sys, time

riverrun, work = sys.argv[1:3]


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main():
    path = os.path.join(work, "tailed.json")
    open(path, "w").close()
    sql = os.path.join(work, "tail.sql")
    with open(sql, "w") as file:
        file.write(f"""CREATE TABLE t (id BIGINT, sent STRING) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json', 'scan.tail' = 'true');
CREATE TABLE results (id BIGINT, sent STRING) WITH ('connector' = 'print');
INSERT INTO results SELECT id, sent FROM t;
""")
    process = subprocess.Popen([riverrun, "run", sql, "-p", "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    latencies = []
    with open(path, "ab", buffering=0) as file:
        file.write(b'{"id": 0, "sent": "first"}\n')
        process.stdout.readline()
        for number in range(1, 1001):
            time.sleep(0.003)
            start = time.perf_counter()
            file.write(b'{"id": %d, "sent": "x"}\n' % number)
            process.stdout.readline()
            latencies.append((time.perf_counter() - start) * 1000)
    with open(f"/proc/{process.pid}/stat") as stat:
        before = sum(map(int, stat.read().split()[13:15]))
    time.sleep(10)
    with open(f"/proc/{process.pid}/stat") as stat:
        ticks = sum(map(int, stat.read().split()[13:15])) - before
    process.terminate()
    process.wait()
    print("\nFrom an appended line to the printed row (1,000 lines, one at a time), CPU while idle, start to first row\n")
    print("| what | figure |\n|---|---:|")
    for name, share in (("median", 0.5), ("p99", 0.99), ("worst", 1.0)):
        print(f"| latency, {name} | {percentile(latencies, share):.1f} ms |")
    print(f"| idle for 10 s | {100 * ticks / os.sysconf('SC_CLK_TCK') / 10:.2f} % of a core |")
    small = os.path.join(work, "small.sql")
    with open(small, "w") as file:
        file.write(f"""CREATE TABLE t (id BIGINT, sent STRING) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json');
SELECT * FROM t;
""")
    starts = []
    for _ in range(5):
        start = time.perf_counter()
        process = subprocess.Popen([riverrun, "run", small, "--output", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        starts.append((time.perf_counter() - start) * 1000)
        process.communicate()
    print(f"| start to first row of a small file, median of 5 | {percentile(starts, 0.5):.0f} ms |")


main()

"""Memory of a job whose reader stalls for part of the run."""
import subprocess, sys, time

riverrun, sql = sys.argv[1:3]


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def main():
    process = subprocess.Popen([riverrun, "run", sql, "-p", "2"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    readings, rows, start, stalled, last = [], 0, time.time(), False, 0.0
    while True:
        chunk = process.stdout.read(1 << 20)
        if not chunk:
            break
        rows += chunk.count(b"\n")
        if rows > 1_000_000 and not readings:
            readings.append(("after 1 M rows", resident(process.pid)))
        if rows > 10_000_000 and not stalled:
            stalled = True
            readings.append(("before the stall", resident(process.pid)))
            time.sleep(10)
            readings.append(("after a stall of 10 s", resident(process.pid)))
        if process.poll() is None:
            last = resident(process.pid) or last
    process.wait()
    readings.append(("at the end", last))
    print(f"\nMemory over {rows} rows, the reader of the output stalled for 10 s ({time.time() - start:.0f} s)\n")
    print("| when | resident |\n|---|---:|")
    for when, size in readings:
        print(f"| {when} | {size:.0f} MiB |")


main()

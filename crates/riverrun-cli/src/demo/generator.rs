//! Writes access-log lines into a growing file: realistic, seeded, some out of order, some broken.

use chrono::{DateTime, Utc};
use riverrun_core::{Clock, Millis};
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What the generator writes.
#[derive(Clone, Debug)]
pub struct LogSpec {
    /// Lines per second of the clock.
    pub rate: u32,
    /// How much faster than the clock the lines' own time passes.
    pub speed: u32,
    /// How many lines in all; `None`: until stopped.
    pub lines: Option<u64>,
    /// The seed: equal seeds write equal lines, but for their time.
    pub seed: u64,
}

const PATHS: &[(&str, u32)] = &[
    ("/", 30),
    ("/products", 18),
    ("/products/42", 12),
    ("/products/7", 9),
    ("/cart", 8),
    ("/checkout", 5),
    ("/login", 6),
    ("/search?q=river", 7),
    ("/search?q=delta", 3),
    ("/api/orders", 6),
    ("/api/stock", 5),
    ("/static/app.js", 10),
    ("/static/app.css", 9),
    ("/favicon.ico", 6),
    ("/blog/streaming", 4),
    ("/wp-login.php", 2),
];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
    "curl/8.14.1",
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
];
/// One line in this many is broken, and one in [`LATE_EVERY`] older than its neighbours.
const BROKEN_EVERY: u64 = 211;
const LATE_EVERY: u64 = 17;
/// After how long the lines' own time has caught up with the clock.
const CATCHES_UP: Duration = Duration::from_secs(12 * 60);

/// A small generator of numbers (SplitMix64): the lines must only look irregular.
#[derive(Clone, Debug)]
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Makes lines one after the other.
#[derive(Debug)]
pub struct LogLines {
    numbers: Numbers,
    line: u64,
}

impl LogLines {
    /// Lines of this seed.
    pub fn new(seed: u64) -> Self {
        LogLines { numbers: Numbers(seed), line: 0 }
    }

    /// Appends the next line, whose event time is near `now`.
    pub fn write(&mut self, now: Millis, out: &mut Vec<u8>) -> io::Result<()> {
        self.line += 1;
        let n = &mut self.numbers;
        if self.line.is_multiple_of(BROKEN_EVERY) {
            let broken: &[&[u8]] = &[
                b"-- log rotated --\n",
                b"10.0.0.1 - - [not a time] \"GET / HTTP/1.1\" 200 1\n",
                b"\xff\xfe garbage \x80\n",
            ];
            return out.write_all(broken[n.below(broken.len() as u64) as usize]);
        }
        // Mostly a second or two out of order, now and then half a minute.
        let behind = if self.line.is_multiple_of(LATE_EVERY) { n.below(30_000) } else { n.below(2_000) };
        let time = DateTime::<Utc>::from_timestamp_millis(now.0 - behind as i64).unwrap_or_default();
        // One client in the crowd probes for holes: that one raises the alerts.
        let probing = n.below(60) == 0;
        let client =
            if probing { "203.0.113.66".to_owned() } else { format!("10.1.{}.{}", n.below(4), n.below(60) + 1) };
        let path = if probing { "/wp-login.php" } else { pick(n, PATHS) };
        // Every tenth minute the shop's backend has a bad time.
        let minute = now.0 / 60_000;
        let trouble = minute % 10 == 7 && path.starts_with("/api");
        let status = match n.below(1000) {
            _ if probing => 404,
            x if trouble && x < 600 => 503,
            x if x < 8 => 500,
            x if x < 35 => 404,
            x if x < 90 => 304,
            x if x < 130 => 302,
            _ => 200,
        };
        let method = if path == "/login" || path == "/checkout" { "POST" } else { "GET" };
        let size = if status == 200 { n.below(40_000) + 200 } else { n.below(500) };
        let agent = AGENTS[n.below(AGENTS.len() as u64) as usize];
        let stamp = time.format("%d/%b/%Y:%H:%M:%S +0000");
        writeln!(out, "{client} - - [{stamp}] \"{method} {path} HTTP/1.1\" {status} {size} \"-\" \"{agent}\"")
    }
}

fn pick(numbers: &mut Numbers, weighted: &[(&'static str, u32)]) -> &'static str {
    let total: u32 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut at = numbers.below(u64::from(total)) as u32;
    for (value, weight) in weighted {
        if at < *weight {
            return value;
        }
        at -= weight;
    }
    weighted[0].0
}

/// Writes lines at the given rate until told to stop or all are written.
pub fn write_log(mut file: File, spec: &LogSpec, clock: &dyn Clock, stop: &Arc<AtomicBool>) -> io::Result<u64> {
    const TURN: Duration = Duration::from_millis(50);
    let mut lines = LogLines::new(spec.seed);
    let start = clock.now().0;
    // The lines' time begins in the past, so that it is not ahead of the clock as soon as it runs faster.
    let first = start - i64::from(spec.speed.saturating_sub(1)) * CATCHES_UP.as_millis() as i64;
    let (mut written, mut buffer) = (0u64, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let elapsed = clock.now().0 - start;
        let due = (elapsed.max(0) as u64 * u64::from(spec.rate) / 1000).min(spec.lines.unwrap_or(u64::MAX));
        buffer.clear();
        while written < due {
            let at = written as i64 * 1000 / i64::from(spec.rate.max(1));
            lines.write(Millis(first + at * i64::from(spec.speed)), &mut buffer)?;
            written += 1;
        }
        file.write_all(&buffer)?;
        if Some(written) == spec.lines {
            break;
        }
        std::thread::sleep(TURN);
    }
    Ok(written)
}

//! Progress on a terminal: rows per second, watermark, lag, rows astray.

use console::{Term, truncate_str};
use riverrun_core::metrics::{OperatorRole, OperatorTotals};
use riverrun_core::{Clock, Watermark};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the line is drawn anew.
pub const INTERVAL: Duration = Duration::from_millis(250);

/// The line at the bottom of a terminal.
///
/// Rows go to the same terminal. So the cursor is left where the line begins: a row is written over the line, and clears
/// what is left of it behind itself ([`Rows`]; the print connector does the same).
pub struct Progress {
    terminal: Option<Term>,
    clock: Arc<dyn Clock>,
    started: Option<i64>,
    last: Option<(i64, u64)>,
    rate: f64,
    drawn: bool,
}

impl Progress {
    /// A line on standard error; none where that is not a terminal.
    pub fn new(clock: Arc<dyn Clock>, enabled: bool) -> Self {
        let terminal = enabled.then(Term::stderr);
        Progress { terminal, clock, started: None, last: None, rate: 0.0, drawn: false }
    }

    /// Draws what the counters say.
    pub fn show(&mut self, totals: &[OperatorTotals]) {
        let Some(terminal) = &self.terminal else { return };
        let now = self.clock.now().0;
        let started = *self.started.get_or_insert(now);
        let rows: u64 = sources(totals).map(|source| source.rows_out).sum();
        if let Some((then, before)) = self.last
            && now > then
        {
            let rate = rows.saturating_sub(before) as f64 * 1000.0 / (now - then) as f64;
            // Smoothed, so that the figure can be read.
            self.rate = if self.rate == 0.0 { rate } else { 0.7 * self.rate + 0.3 * rate };
        }
        self.last = Some((now, rows));
        let text = format!("{}  {}", elapsed(now - started), line(totals, self.rate, now));
        let width = usize::from(terminal.size().1).saturating_sub(1);
        // What can't be drawn is no reason to end a job.
        let _ = write!(&mut &*terminal, "\r{}\x1b[K\r", truncate_str(&text, width, "…"));
        self.drawn = true;
    }

    /// A new line for the next run.
    pub fn start_again(&mut self) {
        self.clear();
        self.started = None;
        self.last = None;
        self.rate = 0.0;
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if let Some(terminal) = &self.terminal
            && std::mem::take(&mut self.drawn)
        {
            let _ = write!(&mut &*terminal, "\r\x1b[K");
        }
    }
}

/// Standard output for rows: on a terminal every line clears what the progress line has left behind it.
///
/// A reader that goes away (`| head`) has what it wanted: what is written after that is dropped, and [`Reader`] knows.
pub struct Rows {
    out: std::io::Stdout,
    clears: bool,
    gone: Arc<AtomicBool>,
}

/// Whoever reads the rows.
#[derive(Clone, Debug)]
pub struct Reader(Arc<AtomicBool>);

impl Reader {
    /// Whether nobody reads them any more.
    pub fn is_gone(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Rows {
    /// Standard output as it is.
    pub fn new() -> Self {
        let out = std::io::stdout();
        let clears = std::io::IsTerminal::is_terminal(&out);
        Rows { out, clears, gone: Arc::default() }
    }

    /// Who reads them.
    pub fn reader(&self) -> Reader {
        Reader(Arc::clone(&self.gone))
    }

    /// What has been done; that nobody reads it is no failure.
    fn done<T>(&self, result: std::io::Result<T>, otherwise: T) -> std::io::Result<T> {
        match result {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.gone.store(true, Ordering::Relaxed);
                Ok(otherwise)
            }
            result => result,
        }
    }
}

impl Write for Rows {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !self.clears {
            let written = self.out.write(bytes);
            return self.done(written, bytes.len());
        }
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    self.out.write_all(line)?;
                    self.out.write_all(b"\x1b[K\n")?;
                }
                None => self.out.write_all(line)?,
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.out.flush();
        self.done(flushed, ())
    }
}

/// `1:02:03`.
fn elapsed(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn sources(totals: &[OperatorTotals]) -> impl Iterator<Item = &OperatorTotals> {
    totals.iter().filter(|totals| totals.role == OperatorRole::Source)
}

/// The progress as one line.
pub fn line(totals: &[OperatorTotals], rate: f64, now: i64) -> String {
    let rows: u64 = sources(totals).map(|source| source.rows_out).sum();
    let written: u64 = totals.iter().filter(|t| t.role == OperatorRole::Sink).map(|sink| sink.rows_in).sum();
    let late: u64 = totals.iter().map(|t| t.late).sum();
    let skipped: u64 = totals.iter().map(|t| t.skipped).sum();
    let dead: u64 = totals.iter().map(|t| t.dead).sum();
    let watermark = sources(totals).map(|source| source.watermark).min().map(Watermark);
    let mut text = format!("{} rows in ({}/s), {} out", count(rows), count(rate as u64), count(written));
    match watermark {
        // MAX: the input has ended, or has no event time.
        Some(Watermark::MIN | Watermark::MAX) | None => {}
        Some(watermark) => {
            text.push_str(&format!(", watermark {watermark}, lag {}", span(now - watermark.0)));
        }
    }
    for (rows, what) in [(late, "late"), (skipped, "skipped"), (dead, "dead letters")] {
        if rows > 0 {
            text.push_str(&format!(", {} {what}", count(rows)));
        }
    }
    text
}

/// A count with thousands apart: `1 234 567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// `1 run`, `2 runs`.
pub fn counted(number: u64, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {what}{ending}", count(number))
}

/// A span of time as a person would say it: `1.2 s`, `4 min`, `3 d`; negative when event time runs ahead.
pub fn span(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    match millis {
        0..=9_999 => format!("{sign}{:.1} s", millis as f64 / 1000.0),
        10_000..=119_999 => format!("{sign}{} s", millis / 1000),
        120_000..=7_199_999 => format!("{sign}{} min", millis / 60_000),
        7_200_000..=172_799_999 => format!("{sign}{} h", millis / 3_600_000),
        _ => format!("{sign}{} d", millis / 86_400_000),
    }
}

//! Logs on standard error: warnings as a person reads them, what happens with -v, what `RUST_LOG` says before all.

use crate::output::is_coloured;
use std::env::VarError;
use std::fmt;
use std::io::IsTerminal;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, fmt};
use tracing_subscriber::registry::LookupSpan;

/// Starts to log.
pub fn start(verbose: u8) {
    let (asked, misread) = match asked() {
        Ok(asked) => (asked, None),
        Err(why) => (None, Some(why)),
    };
    let plain = verbose == 0 && asked.is_none();
    let filter = asked.unwrap_or_else(|| EnvFilter::new(filter(verbose)));
    let terminal = std::io::stderr().is_terminal();
    let colour = is_coloured(&std::io::stderr());
    // An error of the log would be printed where the log could not be written, and end the process.
    let log = fmt().log_internal_errors(false).with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    if plain {
        log.event_format(Plain { terminal }).init()
    } else {
        log.init()
    }
    if let Some(why) = misread {
        tracing::warn!("RUST_LOG is not understood and has no effect: {why}");
    }
}

/// What is logged after so many -v: what the libraries say only after three, since it says nothing to who does not know them.
fn filter(verbose: u8) -> &'static str {
    match verbose {
        // Our Kafka clients tell of their troubles themselves, once in a while.
        0 => "warn,rdkafka::client=off",
        1 => "warn,rdkafka::client=off,riverrun=info",
        2 => "warn,rdkafka::client=off,riverrun=debug",
        3 => "debug,riverrun=trace",
        _ => "trace",
    }
}

/// What `RUST_LOG` asks for, if it is set; why it can't be read.
fn asked() -> Result<Option<EnvFilter>, String> {
    let text = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(text) if text.trim().is_empty() => return Ok(None),
        Ok(text) => text,
        Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => return Err("it is not UTF-8".to_owned()),
    };
    EnvFilter::builder().parse(&text).map(Some).map_err(|error| format!("'{text}' ({error})"))
}

/// An event as a sentence: its message, and those of its other fields that the message does not name.
#[derive(Default)]
struct Words {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => self.fields.push((name, format!("{value:?}"))),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.fields.push((name, value.to_owned())),
        }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let unsaid = |value: &str| !self.message.contains(&format!("'{value}'"));
        self.fields
            .iter()
            .filter(|(_, value)| unsaid(value))
            .try_for_each(|(name, value)| write!(f, " ({name} '{value}')"))
    }
}

/// `warning: …`, without the time and the module: who wants those asks for more with -v.
struct Plain {
    terminal: bool,
}

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let name = if *event.metadata().level() == Level::ERROR { "error" } else { "warning" };
        if writer.has_ansi_escapes() {
            write!(writer, "\x1b[1;33m{name}:\x1b[0m ")?;
        } else {
            write!(writer, "{name}: ")?;
        }
        let mut words = Words::default();
        event.record(&mut words);
        write!(writer, "{words}")?;
        // What is left of the progress line, over which this is written.
        writeln!(writer, "{}", if self.terminal { "\x1b[K" } else { "" })
    }
}

//! Logs on standard error: warnings as a person reads them, more with -v, what `RUST_LOG` says before all.

use std::fmt;
use std::io::IsTerminal;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, fmt};
use tracing_subscriber::registry::LookupSpan;

/// Starts to log.
pub fn start(verbose: u8) {
    let default = match verbose {
        // Our Kafka clients tell of their troubles themselves, once in a while.
        0 => "warn,rdkafka::client=off",
        1 => "info,timely=warn",
        2 => "debug,timely=info",
        _ => "trace",
    };
    let asked = EnvFilter::try_from_default_env();
    let plain = verbose == 0 && asked.is_err();
    let filter = asked.unwrap_or_else(|_| EnvFilter::new(default));
    let terminal = std::io::stderr().is_terminal();
    let colour = terminal && std::env::var_os("NO_COLOR").is_none();
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    if plain { log.event_format(Plain { terminal }).init() } else { log.init() }
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
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let name = if *event.metadata().level() == Level::ERROR { "error" } else { "warning" };
        if writer.has_ansi_escapes() {
            write!(writer, "\x1b[1;33m{name}:\x1b[0m ")?;
        } else {
            write!(writer, "{name}: ")?;
        }
        context.format_fields(writer.by_ref(), event)?;
        // What is left of the progress line, over which this is written.
        writeln!(writer, "{}", if self.terminal { "\x1b[K" } else { "" })
    }
}

//! What a sink promises across a restart (`sink.delivery-guarantee`), and the options of every sink that promises.

use riverrun_core::{Error, OptionDef, OptionType, Options, Result};
use riverrun_runtime::SinkContext;

/// What a sink promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// Rows may be lost in a crash, and come again after it.
    None,
    /// No row is lost; after a crash some come again.
    AtLeastOnce,
    /// Every row stands once.
    ExactlyOnce,
}

impl Guarantee {
    /// The option of it.
    pub const OPTION: OptionDef = OptionDef::new(
        "sink.delivery-guarantee",
        OptionType::OneOf(&["at-least-once", "none", "exactly-once"]),
        Some("at-least-once"),
        "What a sink promises across a crash; exactly-once needs checkpoints.",
    );
    /// How much may wait.
    pub const MAX_BYTES: OptionDef = OptionDef::new(
        "sink.buffer.max-bytes",
        OptionType::Size,
        Some("64 mb"),
        "How many bytes of rows a worker's writer holds that are not written or not committed yet; beyond it the sources wait.",
    );

    /// What a table asks for.
    pub fn of(options: &Options) -> Guarantee {
        match options.text(&Self::OPTION).unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "exactly-once" => Guarantee::ExactlyOnce,
            "none" => Guarantee::None,
            _ => Guarantee::AtLeastOnce,
        }
    }

    /// Refuses what a job without checkpoints can't promise.
    pub fn check(self, table: &str, options: &Options, context: &SinkContext) -> Result<()> {
        if self != Guarantee::ExactlyOnce || context.job.checkpoints {
            return Ok(());
        }
        let place = options.given(Self::OPTION.name).and_then(|value| value.value_place);
        Err(Error::input(format!("table '{table}' is to be written exactly once, but the job has no checkpoints"))
            .hint("run it with --state-dir DIR, or set 'sink.delivery-guarantee' to 'at-least-once'")
            .at(place))
    }
}

//! `table.exec.emit.*`: when windows give results beside their end.

use super::SessionConfig;
use riverrun_core::{Error, Millis, OptionDef, OptionType, Result};
use riverrun_operators::window::spec::EmitStrategy;

/// `table.exec.emit.early-fire.enabled`.
pub const EARLY_FIRE: OptionDef = OptionDef::new(
    "table.exec.emit.early-fire.enabled",
    OptionType::Bool,
    Some("false"),
    "Whether windows in GROUP BY (TUMBLE, HOP) give results before their end, which are updated then.",
);
/// `table.exec.emit.early-fire.delay`.
pub const EARLY_FIRE_DELAY: OptionDef = OptionDef::new(
    "table.exec.emit.early-fire.delay",
    OptionType::Duration,
    None,
    "How often, of processing time; 0 is with each row.",
);
/// `table.exec.emit.late-fire.enabled`.
pub const LATE_FIRE: OptionDef = OptionDef::new(
    "table.exec.emit.late-fire.enabled",
    OptionType::Bool,
    Some("false"),
    "Whether late rows, within the allowed lateness, update the result of their window with a delay.",
);
/// `table.exec.emit.late-fire.delay`.
pub const LATE_FIRE_DELAY: OptionDef = OptionDef::new(
    "table.exec.emit.late-fire.delay",
    OptionType::Duration,
    None,
    "That delay, of processing time; 0 is with each row.",
);
/// `table.exec.emit.allow-lateness`.
pub const ALLOW_LATENESS: OptionDef = OptionDef::new(
    "table.exec.emit.allow-lateness",
    OptionType::Duration,
    None,
    "How long after its end, of event time, a window in GROUP BY takes late rows, if late firing is enabled. Absent: `table.exec.state.ttl`.",
);

impl SessionConfig {
    /// Refuses early and late firing for windows that have none, as Flink does: the file expects results that would not come.
    pub fn refuse_early_and_late(&self, what: &str) -> Result<()> {
        let enabled = |option: &&OptionDef| self.options.bool(option).unwrap_or_default();
        match [&EARLY_FIRE, &LATE_FIRE].into_iter().find(enabled) {
            None => Ok(()),
            Some(option) => Err(Error::input(format!("the windows of {what} give no early or late results"))
                .detail(format!("'{}' is true", option.name))
                .hint(format!(
                    "GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE) takes it; CUMULATE gives results in steps; or SET '{}' = 'false'",
                    option.name
                ))
                .at(self.options.given(option.name).and_then(|value| value.value_place))),
        }
    }

    /// When windows give results beside their end; `None` if they don't.
    pub fn emit_strategy(&self, event_time: bool, session: bool) -> Result<Option<EmitStrategy>> {
        let delay = |enabled: &OptionDef, delay: &OptionDef| -> Result<Option<Millis>> {
            if !self.options.bool(enabled).unwrap_or_default() {
                return Ok(None);
            }
            let place = self.options.given(enabled.name).and_then(|value| value.value_place);
            match self.duration(delay) {
                Some(delay) => Ok(Some(delay)),
                None => Err(Error::input(format!("'{}' is true, but there is no delay", enabled.name))
                    .hint(format!("SET '{}' = '10 s'; 0 is with each row", delay.name))
                    .at(place)),
            }
        };
        let early = delay(&EARLY_FIRE, &EARLY_FIRE_DELAY)?;
        let late = delay(&LATE_FIRE, &LATE_FIRE_DELAY)?;
        if session {
            // Sessions merge: the results of two could be taken back, but Flink gives none before their end.
            let Some((option, _)) = [(&EARLY_FIRE, early), (&LATE_FIRE, late)].into_iter().find(|(_, d)| d.is_some())
            else {
                return Ok(None);
            };
            return Err(Error::input("SESSION windows give no early or late results")
                .detail(format!("'{}' is true", option.name))
                .hint(format!("SET '{}' = 'false'; TUMBLE and HOP take it", option.name))
                .at(self.options.given(option.name).and_then(|value| value.value_place)));
        }
        // Without late firing a late row is dropped, whatever lateness is allowed.
        let given = || self.duration(&ALLOW_LATENESS).or_else(|| self.state_ttl());
        let lateness = late.and_then(|_| given()).unwrap_or(Millis(0));
        if let Some(late) = late.filter(|late| event_time && lateness.0 > 0 && *late > lateness) {
            return Err(Error::input(format!("'{}' is longer than the lateness that is allowed", LATE_FIRE_DELAY.name))
                .detail(format!("a delay of {} ms, a lateness of {} ms", late.0, lateness.0))
                .hint("what a window has not said when it is forgotten is lost: make the delay shorter, or the lateness longer")
                .at(self.options.given(LATE_FIRE_DELAY.name).and_then(|value| value.value_place)));
        }
        if event_time && late.is_some() && lateness.0 <= 0 {
            return Err(Error::input(format!("'{}' is true, but no lateness is allowed", LATE_FIRE.name))
                .hint(format!("SET '{}' = '1 min'", ALLOW_LATENESS.name))
                .at(self.options.given(LATE_FIRE.name).and_then(|value| value.value_place)));
        }
        let (late, lateness) = if event_time { (late, lateness) } else { (None, Millis(0)) };
        let strategy = EmitStrategy { early, late, lateness };
        Ok((early.is_some() || late.is_some()).then_some(strategy))
    }
}

//! What a host is told of options whose jobs lack what would make something of them: a state directory, a restart strategy.

use riverrun_core::OptionDef;
use riverrun_sql::session::SessionConfig;
use riverrun_sql::session::checkpointing::{
    CHECKPOINT_DIR, CHECKPOINT_DIR_OLD, CHECKPOINT_INTERVAL, CHECKPOINT_MIN_PAUSE, CHECKPOINT_RETAINED,
    CHECKPOINT_RETAINED_OLD, CHECKPOINT_TIMEOUT, CHECKPOINT_TOLERABLE_FAILURES, EXPONENTIAL_ATTEMPTS,
    EXPONENTIAL_INITIAL, EXPONENTIAL_JITTER, EXPONENTIAL_MAX, EXPONENTIAL_MULTIPLIER, EXPONENTIAL_RESET,
    FIXED_ATTEMPTS, FIXED_DELAY, RATE_DELAY, RATE_FAILURES, RATE_INTERVAL, RESTART_STRATEGY, RestartStrategy,
};

/// Those that are about checkpoints and nothing else.
const OF_CHECKPOINTS: &[OptionDef] = &[
    CHECKPOINT_DIR,
    CHECKPOINT_DIR_OLD,
    CHECKPOINT_MIN_PAUSE,
    CHECKPOINT_TIMEOUT,
    CHECKPOINT_TOLERABLE_FAILURES,
    CHECKPOINT_RETAINED,
    CHECKPOINT_RETAINED_OLD,
];

/// The settings of each restart strategy.
const OF_STRATEGIES: &[(&str, &[OptionDef])] = &[
    ("fixed-delay", &[FIXED_ATTEMPTS, FIXED_DELAY]),
    ("failure-rate", &[RATE_FAILURES, RATE_INTERVAL, RATE_DELAY]),
    (
        "exponential-delay",
        &[
            EXPONENTIAL_INITIAL,
            EXPONENTIAL_MAX,
            EXPONENTIAL_MULTIPLIER,
            EXPONENTIAL_RESET,
            EXPONENTIAL_JITTER,
            EXPONENTIAL_ATTEMPTS,
        ],
    ),
];

/// What whoever runs INSERTs with these settings should know: which options of checkpoints and restarts come to nothing, or to
/// something else, with or without a state directory.
pub fn notes(config: &SessionConfig, has_state_dir: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let strategy = config.restart_strategy();
    if let Some(folder) = config.checkpoint_dir().filter(|_| has_state_dir) {
        let option = CHECKPOINT_DIR.name;
        notes.push(format!(
            "checkpoints are kept in {folder}, as '{option}' says; the state directory only holds whose they are"
        ));
    }
    if !has_state_dir {
        if config.checkpoint_interval().is_some() {
            let interval = CHECKPOINT_INTERVAL.name;
            notes.push(format!(
                "without --state-dir no checkpoint is kept, and a job that ends too early begins anew: '{interval}' only says how often sinks commit"
            ));
        }
        if let Some(given) = given(config, OF_CHECKPOINTS) {
            notes.push(format!("{given} without --state-dir: no checkpoint is kept"));
        }
        if strategy != RestartStrategy::None {
            let option = RESTART_STRATEGY.name;
            notes.push(format!(
                "without --state-dir there is no checkpoint to go back to: with '{option}' a job that has failed starts from the beginning of its input, and rows may be written again"
            ));
        }
    }
    let chosen = match strategy {
        RestartStrategy::None => "none",
        RestartStrategy::FixedDelay { .. } => "fixed-delay",
        RestartStrategy::FailureRate { .. } => "failure-rate",
        RestartStrategy::ExponentialDelay { .. } => "exponential-delay",
    };
    for (name, settings) in OF_STRATEGIES.iter().filter(|(name, _)| *name != chosen) {
        if let Some(given) = given(config, settings) {
            let option = RESTART_STRATEGY.name;
            notes.push(format!("{given} unless '{option}' is '{name}', and it is '{chosen}'"));
        }
    }
    notes
}

/// What whoever runs a query with these settings should know: checkpoints are asked for, and it has none.
pub fn query_note(config: &SessionConfig, has_state_dir: bool) -> Option<&'static str> {
    (has_state_dir || config.checkpoint_interval().is_some()).then_some(
        "a SELECT is not part of checkpoints: after a restart its rows are printed from the beginning; \
         INSERT INTO a table (of the connector print, for one) is durable",
    )
}

/// That those of these options that were set have no effect; `None` if none was.
fn given(config: &SessionConfig, definitions: &[OptionDef]) -> Option<String> {
    let given = definitions.iter().filter(|definition| config.options().given(definition.name).is_some());
    let names: Vec<String> = given.map(|definition| format!("'{}'", definition.name)).collect();
    match names.as_slice() {
        [] => None,
        [name] => Some(format!("the option {name} has no effect")),
        names => Some(format!("the options {} have no effect", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes_of(options: &[(&str, &str)], has_state_dir: bool) -> Vec<String> {
        let mut config = SessionConfig::default();
        for (key, value) in options {
            assert_eq!(config.set_text(key, value).unwrap(), None);
        }
        notes(&config, has_state_dir)
    }

    #[test]
    fn without_a_state_directory_options_of_checkpoints_have_no_effect() {
        let interval = [("execution.checkpointing.interval", "1s")];
        let found = notes_of(&interval, false);
        assert!(
            found.len() == 1
                && found[0].ends_with("'execution.checkpointing.interval' only says how often sinks commit")
        );
        assert!(notes_of(&interval, true).is_empty());
        assert!(notes_of(&[("execution.checkpointing.interval", "0s")], false).is_empty());
        let options = [("execution.checkpointing.dir", "x"), ("execution.checkpointing.timeout", "1 min")];
        assert_eq!(
            notes_of(&options, false),
            [
                "the options 'execution.checkpointing.dir', 'execution.checkpointing.timeout' have no effect without --state-dir: no checkpoint is kept"
            ]
        );
        assert_eq!(
            notes_of(&options, true),
            [
                "checkpoints are kept in x, as 'execution.checkpointing.dir' says; the state directory only holds whose they are"
            ]
        );
    }

    #[test]
    fn settings_of_a_restart_strategy_that_is_not_chosen_have_no_effect() {
        let delay = ("restart-strategy.fixed-delay.delay", "1s");
        let said = |chosen: &str| {
            vec![format!(
                "the option 'restart-strategy.fixed-delay.delay' has no effect unless 'restart-strategy.type' is 'fixed-delay', and it is '{chosen}'"
            )]
        };
        assert_eq!(notes_of(&[delay], true), said("none"));
        assert_eq!(notes_of(&[delay, ("restart-strategy.type", "failurerate")], true), said("failure-rate"));
        assert!(notes_of(&[delay, ("restart-strategy.type", "fixeddelay")], true).is_empty());
    }

    #[test]
    fn a_restart_without_a_state_directory_begins_anew() {
        let strategy = [("restart-strategy.type", "fixed-delay")];
        assert!(
            notes_of(&strategy, false)[0].ends_with("from the beginning of its input, and rows may be written again")
        );
        assert!(notes_of(&strategy, true).is_empty());
        assert!(notes_of(&[], false).is_empty());
    }
}

//! The options that tables of files had before Flink 1.11, which old programs still have: `'connector.type' = 'filesystem'`.

use riverrun_core::Options;

/// What had to be said and has no meaning today.
const MEANINGLESS: &[&str] =
    &["connector.property-version", "format.property-version", "format.derive-schema", "update-mode"];

/// The options under their names of today. Those of tables that say `connector` stay as they are.
pub fn renamed(options: Options) -> Options {
    let of_files = options.given("connector.type").is_some_and(|given| given.text.trim() == "filesystem");
    if !of_files || options.given("connector").is_some() {
        return options;
    }
    let format = options.given("format.type").map(|given| given.text.trim().to_owned()).unwrap_or_default();
    let mut renamed = Options::default();
    for (key, value) in options.iter().filter(|(key, _)| !MEANINGLESS.contains(key)) {
        let name = match key {
            "connector.type" => "connector".to_owned(),
            "format.type" => "format".to_owned(),
            _ => match (key.strip_prefix("connector."), key.strip_prefix("format.")) {
                (Some(name), _) => name.to_owned(),
                (_, Some(name)) => format!("{format}.{name}"),
                _ => key.to_owned(),
            },
        };
        renamed.insert(name, value.clone());
    }
    renamed
}

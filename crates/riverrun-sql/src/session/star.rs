//! What `*` stands for: `table.column-expansion-strategy`.

use super::SessionConfig;
use crate::parse::ColumnKind;
use riverrun_core::{Error, OptionDef, OptionType, Result};

/// `table.column-expansion-strategy`.
pub const COLUMN_EXPANSION: OptionDef = OptionDef::new(
    "table.column-expansion-strategy",
    OptionType::Text,
    None,
    "Which METADATA VIRTUAL columns `*` leaves out: EXCLUDE_ALIASED_VIRTUAL_METADATA_COLUMNS those with FROM, EXCLUDE_DEFAULT_VIRTUAL_METADATA_COLUMNS those without; both with ';' between them. Absent: none.",
);

const WITHOUT_ALIASED: &str = "EXCLUDE_ALIASED_VIRTUAL_METADATA_COLUMNS";
const WITHOUT_DEFAULT: &str = "EXCLUDE_DEFAULT_VIRTUAL_METADATA_COLUMNS";

/// Which columns of a table `*` leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColumnExpansion {
    without_aliased: bool,
    without_default: bool,
}

impl ColumnExpansion {
    /// What the option's text says.
    pub fn parse(text: &str) -> Result<Self> {
        let mut expansion = ColumnExpansion::default();
        for strategy in text.split(';').map(str::trim).filter(|strategy| !strategy.is_empty()) {
            match strategy.to_ascii_uppercase().as_str() {
                WITHOUT_ALIASED => expansion.without_aliased = true,
                WITHOUT_DEFAULT => expansion.without_default = true,
                _ => {
                    return Err(Error::input(format!(
                        "'{strategy}' is no value for option '{}'",
                        COLUMN_EXPANSION.name
                    ))
                    .hint(format!("it takes {WITHOUT_ALIASED} and {WITHOUT_DEFAULT}, with ';' between them")));
                }
            }
        }
        Ok(expansion)
    }

    /// Whether `*` leaves out a column.
    pub fn leaves_out(self, column: &ColumnKind) -> bool {
        match column {
            ColumnKind::Metadata { key, is_virtual: true, .. } if key.is_some() => self.without_aliased,
            ColumnKind::Metadata { is_virtual: true, .. } => self.without_default,
            _ => false,
        }
    }
}

impl SessionConfig {
    /// `table.column-expansion-strategy`.
    pub fn column_expansion(&self) -> ColumnExpansion {
        let text = self.options.text(&COLUMN_EXPANSION).unwrap_or_default();
        ColumnExpansion::parse(text).unwrap_or_default()
    }
}

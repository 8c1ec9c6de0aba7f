//! All aggregate functions, by name.

use super::{
    AggregateDef, avg, bitmap, collect, count, first_last, json, min_max, percentile, sequence, single_value, sum,
    variance,
};

/// The aggregate functions, each kind from its own file.
#[rustfmt::skip]
const GROUPS: &[&[AggregateDef]] = &[
    count::AGGREGATES,
    sum::AGGREGATES,
    avg::AGGREGATES,
    min_max::AGGREGATES,
    variance::AGGREGATES,
    first_last::AGGREGATES,
    single_value::AGGREGATES,
    sequence::AGGREGATES,
    collect::AGGREGATES,
    json::AGGREGATES,
    percentile::AGGREGATES,
    bitmap::AGGREGATES,
];

/// All aggregate functions, in the order of their kinds.
pub fn aggregates() -> impl Iterator<Item = &'static AggregateDef> {
    GROUPS.iter().flat_map(|group| group.iter())
}

/// The aggregate function of this name, in whatever case.
pub fn aggregate(name: &str) -> Option<&'static AggregateDef> {
    aggregates().find(|definition| {
        definition.name.eq_ignore_ascii_case(name)
            || definition.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    })
}

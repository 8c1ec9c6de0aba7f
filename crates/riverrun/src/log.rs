//! What is logged of statements and jobs, for `-v`.

use crate::durable::{JobDurability, Origin};
use crate::session::Session;
use riverrun_core::metrics::{OperatorRole, OperatorTotals};
use riverrun_sql::parse::{Statement, StatementKind};
use riverrun_sql::plan::StreamPlan;
use riverrun_sql::session::shown_value;

/// So many characters of a statement are logged.
const SHOWN: usize = 200;

/// A statement is about to be executed.
pub(crate) fn statement(statement: &Statement) {
    tracing::info!("line {}: {}", statement.place.line, shown(statement));
}

/// A statement on one line. Of definitions what stands before their options, among which may be passwords.
fn shown(statement: &Statement) -> String {
    let text = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = match &statement.kind {
        StatementKind::Set(Some((key, value))) => {
            return format!("SET '{}' = '{}'", key.value, shown_value(&key.value, &value.value));
        }
        StatementKind::Query(_) | StatementKind::Insert(_) | StatementKind::StatementSet(_) => text.find("/*+"),
        StatementKind::Explain(explain) if matches!(explain.statement.kind, StatementKind::CreateTable(_)) => {
            text.find('\'')
        }
        StatementKind::Explain(_) | StatementKind::CreateView(_) => text.find("/*+"),
        _ => text.find('\''),
    };
    let end = end.into_iter().chain(text.char_indices().nth(SHOWN).map(|(at, _)| at)).min();
    end.map_or_else(|| text.clone(), |end| format!("{}…", &text[..end]))
}

/// A job is about to start, for the first time or again.
pub(crate) fn starts(number: usize, session: &Session, plan: &StreamPlan, workers: usize, processes: usize) {
    let name = session.config.pipeline_name().unwrap_or("riverrun");
    let workers = counted(workers as u64, "worker");
    let within = if processes > 1 { format!(" in {processes} processes") } else { String::new() };
    // Its warnings have been told.
    tracing::info!("job {number} '{name}' starts with {workers}{within}:\n{}", plan.tree().trim_end());
}

/// A job with a state directory is about to start.
pub(crate) fn goes_on(number: usize, job: &JobDurability) {
    match &job.origin {
        Some(origin) => tracing::info!("job {number} goes on from {}, start {}", named(origin), job.generation),
        None => tracing::info!("job {number} begins without a checkpoint, start {}", job.generation),
    }
    tracing::debug!("job {number} has the id {}, and checkpoints in {}", job.id, job.folder);
}

fn named(origin: &Origin) -> String {
    match origin.number() {
        Some(id) => format!("checkpoint {id} in {}", origin.root),
        None => format!("the savepoint {}", origin.root),
    }
}

/// A job has ended, with an error or without.
pub(crate) fn ended(number: usize, totals: &[OperatorTotals], failed: bool) {
    let of = |role| totals.iter().filter(move |totals| totals.role == role);
    let read: u64 = of(OperatorRole::Source).map(|source| source.rows_out).sum();
    let written: u64 = of(OperatorRole::Sink).map(|sink| sink.rows_in).sum();
    let how = if failed { "failed" } else { "ended" };
    tracing::info!("job {number} has {how}: {} in, {written} out", counted(read, "row"));
    for operator in totals {
        let OperatorTotals { id, name, rows_in, rows_out, bytes, busy, .. } = operator;
        let busy = *busy as f64 / 1e9;
        tracing::debug!("{id} {name}: {rows_in} rows in, {rows_out} out, {bytes} bytes, {busy:.3} s busy");
    }
}

/// `1 row`, `2 rows`.
fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_of(text: &str) -> String {
        let statements = riverrun_sql::parse::parse_plain(text).unwrap();
        shown(&statements[0])
    }

    #[test]
    fn no_password_is_logged() {
        let table = "CREATE TABLE t (\n  a INT\n) WITH ('connector' = 'jdbc', 'password' = 'hush')";
        assert_eq!(shown_of(table), "CREATE TABLE t ( a INT ) WITH (…");
        let explained = "EXPLAIN CREATE TABLE t WITH ('password' = 'hush') AS SELECT 1";
        assert_eq!(shown_of(explained), "EXPLAIN CREATE TABLE t WITH (…");
        assert_eq!(shown_of("ALTER TABLE t SET ('password' = 'hush')"), "ALTER TABLE t SET (…");
        assert_eq!(shown_of("SET 's3.secret-key' = 'hush'"), "SET 's3.secret-key' = '******'");
        assert_eq!(shown_of("SET 'pipeline.name' = 'x'"), "SET 'pipeline.name' = 'x'");
        let hinted = "SELECT a FROM t /*+ OPTIONS('password' = 'hush') */ WHERE a = 'x'";
        assert_eq!(shown_of(hinted), "SELECT a FROM t …");
    }

    #[test]
    fn a_long_statement_is_cut() {
        let text = shown_of(&format!("SELECT '{}'", "ä".repeat(300)));
        assert_eq!(text.chars().count(), SHOWN + 1);
    }
}

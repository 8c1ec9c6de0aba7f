//! The rows of a query, all at once: for tests and small results.

use crate::{RowConsumer, Session, SharedConsumer, StartOptions};
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Error, Result, RowBatch, RowKind, Schema};
use riverrun_sql::parse::{self, StatementKind};
use std::sync::{Arc, Mutex, PoisonError};

impl Session {
    /// Executes a text: statements that start no job, then a query over bounded input. The answer is the query's rows
    /// as Flink prints them (`[a, 1]`), in the order in which they came, without those that were taken back.
    ///
    /// ```
    /// let mut session = riverrun::Session::default();
    /// let rows = session.rows("CREATE VIEW t AS SELECT * FROM (VALUES (1), (2)) AS v(x); SELECT SUM(x) FROM t")?;
    /// assert_eq!(rows, ["[3]"]);
    /// # Ok::<(), riverrun::core::Error>(())
    /// ```
    pub fn rows(&mut self, text: &str) -> Result<Vec<String>> {
        let mut query = None;
        for statement in parse::parse(text, &parse::Variables::new())? {
            if query.is_some() {
                return Err(Error::input("a query is the last statement here").at(statement.place));
            }
            match &statement.kind {
                StatementKind::Query(last) => query = Some(last.clone()),
                StatementKind::Insert(_) | StatementKind::StatementSet(_) | StatementKind::Explain(_) => {
                    return Err(Error::input("only statements that start no job may stand before a query here")
                        .hint("run_script executes whole pipelines")
                        .at(statement.place));
                }
                _ => self.execute(&statement).map(|_| ())?,
            }
        }
        let query = query.ok_or_else(|| Error::input("there is no query whose rows could be collected"))?;
        let plan = self.planner().plan_query(&query)?;
        let schema = self.planner().schema_of_query(&query)?;
        let rows = Rows::default();
        let consumer = SharedConsumer::new(Box::new(Collector::new(&schema, rows.clone())));
        let job = self.start(&plan, StartOptions { results: Some(&consumer), ..StartOptions::default() })?;
        job.wait()?;
        Ok(std::mem::take(&mut *rows.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

type Rows = Arc<Mutex<Vec<String>>>;

struct Collector {
    formatter: RowFormatter,
    rows: Rows,
}

impl Collector {
    fn new(schema: &Schema, rows: Rows) -> Self {
        let types = schema.fields.iter().map(|field| field.data_type.clone());
        Collector { formatter: RowFormatter::new(types), rows }
    }
}

impl RowConsumer for Collector {
    fn rows(&mut self, batch: &RowBatch) -> Result<()> {
        let formatted = self.formatter.rows(&batch.columns)?;
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            formatted.write(row, RowKind::Insert, &mut text);
            let text = text.trim_start_matches("+I").to_owned();
            let weight = batch.weight(row);
            if weight < 0 {
                for _ in 0..weight.unsigned_abs() {
                    if let Some(at) = rows.iter().rposition(|known| *known == text) {
                        rows.remove(at);
                    }
                }
            } else {
                rows.extend(std::iter::repeat_n(text, weight as usize));
            }
        }
        Ok(())
    }
}

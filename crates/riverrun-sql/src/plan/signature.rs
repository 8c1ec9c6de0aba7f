//! What the state of an operator is the state of: by this a restore knows that it would read it rightly.

use super::explain::{details, text, windowing};
use super::node::{Node, NodeId, NodeKind, StreamPlan};
use datafusion_physical_expr::expressions::Column;
use riverrun_core::{Field, Schema};
use riverrun_operators::aggregate_call::AggregateCall;
use riverrun_operators::match_recognize::{Condition, Operand};
use riverrun_operators::over::OverCallSpec;
use std::collections::BTreeMap;

impl StreamPlan {
    /// The signature of every stateful operator, by its id. What is not in it may change between a savepoint and the file that goes
    /// on from it: filters, projections elsewhere, names of results, the place in the file.
    pub fn signatures(&self) -> BTreeMap<String, String> {
        let stateful = self.nodes.iter().filter(|node| node.kind.is_stateful());
        stateful.map(|node| (node.id.clone(), self.signature(node))).collect()
    }

    fn signature(&self, node: &Node) -> String {
        let kind = node.kind.name();
        match &node.kind {
            // What they leave says itself what it is: offsets, logs.
            NodeKind::Source(source) => format!("{kind}({})", source.connector.name()),
            NodeKind::Sink(sink) => format!("{kind}({})", sink.connector),
            NodeKind::GroupAggregate(spec) => {
                let keys = spec.keys.iter().map(text).collect::<Vec<_>>().join(", ");
                format!(
                    "{kind}(group by=[{keys}], {}) of {} from {}",
                    calls(&spec.aggregates, spec.keys.len(), &spec.schema),
                    types(&spec.schema),
                    self.inputs(node)
                )
            }
            NodeKind::WindowAggregate(spec) => {
                let details = told(node, &["window", "group by"]);
                // How often they go out may change, but not that results are remembered.
                let kept = if spec.emit.is_some() { " with its last results" } else { "" };
                format!(
                    "{kind}({details}, {}) of {}{kept} from {}",
                    calls(&spec.aggregates, spec.keys.len(), &spec.schema),
                    types(&spec.schema),
                    self.inputs(node)
                )
            }
            _ => {
                // They keep rows as they come.
                let details = details(node).into_iter().map(|(name, value)| format!("{name}=[{value}]"));
                let details = details.chain(unsaid(&node.kind)).collect::<Vec<_>>().join(", ");
                format!("{kind}({details}) of {}", self.inputs(node))
            }
        }
    }

    /// What the columns of the rows are that come to a node, and their types.
    fn inputs(&self, node: &Node) -> String {
        let inputs = node.inputs.iter().map(|input| {
            let fields = self.node(input.node).properties.schema.fields.iter().enumerate();
            let columns = fields.map(|(at, field)| format!("{} {}", self.column(input.node, at), field.data_type));
            format!("({})", columns.collect::<Vec<_>>().join(", "))
        });
        inputs.collect::<Vec<_>>().join(" and ")
    }

    /// What a column is: how it is computed, or its name. Where it is only passed on, as a filter does, makes no difference.
    fn column(&self, node: NodeId, at: usize) -> String {
        let node = self.node(node);
        let computed = match &node.kind {
            NodeKind::Calc(calc) => calc.projections.get(at),
            NodeKind::Source(source) => source.columns.get(at),
            _ => None,
        };
        let passed_on = computed.and_then(|computed| computed.downcast_ref::<Column>());
        match (computed, passed_on, node.inputs.first()) {
            (_, Some(column), Some(input)) => self.column(input.node, column.index()),
            (Some(computed), ..) => text(computed),
            (None, ..) => node.properties.schema.fields[at].name.clone(),
        }
    }
}

/// What a state depends on and EXPLAIN does not say.
fn unsaid(kind: &NodeKind) -> Option<String> {
    match kind {
        NodeKind::Over(spec) => {
            let call = |call: &OverCallSpec| match call {
                OverCallSpec::Aggregate(call) => aggregate(call),
                OverCallSpec::Rank(ranking) => format!("{ranking:?}"),
                OverCallSpec::Lag { value, rows, .. } => format!("LAG({}, {rows})", text(value)),
            };
            Some(format!("functions=[{}]", spec.calls.iter().map(call).collect::<Vec<_>>().join(", ")))
        }
        NodeKind::WindowTopN(spec) => Some(format!("window=[{}]", windowing(&spec.windowing))),
        NodeKind::WindowDeduplicate(spec) => Some(format!("window=[{}]", windowing(&spec.windowing))),
        NodeKind::MatchRecognize(spec) => {
            let operand = |operand: &Operand| match operand {
                Operand::Input(expression) => text(expression),
                Operand::Before { operand, rows } => format!("{operand} before {rows}"),
            };
            let condition = |condition: &Condition| match condition {
                Condition::Always => "true".to_owned(),
                Condition::Operand(operand) => operand.to_string(),
                Condition::Computed(computed) => {
                    let expressions = computed.expressions.iter().map(text).collect::<Vec<_>>().join(", ");
                    format!("{expressions} over {}", without_paths(&format!("{:?}", computed.values)))
                }
            };
            let operands = spec.operands.iter().map(operand).collect::<Vec<_>>().join(", ");
            let conditions = spec.conditions.iter().map(condition).collect::<Vec<_>>().join(", ");
            Some(format!("operands=[{operands}], define=[{conditions}]"))
        }
        _ => None,
    }
}

/// Some of what EXPLAIN says of a node.
fn told(node: &Node, names: &[&str]) -> String {
    let told = details(node).into_iter().filter(|(name, _)| names.contains(name));
    told.map(|(name, value)| format!("{name}=[{value}]")).collect::<Vec<_>>().join(", ")
}

/// How each call is written, and what is kept for it.
fn calls(calls: &[AggregateCall], keys: usize, schema: &Schema) -> String {
    let call = |(call, field): (&AggregateCall, &Field)| format!("{} as {}", field.name, aggregate(call));
    let calls = calls.iter().zip(schema.fields.iter().skip(keys)).map(call);
    format!("aggregates=[{}]", calls.collect::<Vec<_>>().join(", "))
}

fn aggregate(call: &AggregateCall) -> String {
    let arguments = call.arguments.iter().map(text).collect::<Vec<_>>().join(", ");
    let filter = call.filter.as_ref().map(|filter| format!(" filter {}", text(filter))).unwrap_or_default();
    format!("{}({arguments}){filter}", without_paths(&format!("{:?}", call.function)))
}

/// Names of types without the modules that they are in, which may move from one version to the next.
fn without_paths(debug: &str) -> String {
    let mut short = String::new();
    // Where the name at hand begins.
    let mut begin = 0;
    let mut rest = debug.chars().peekable();
    while let Some(char) = rest.next() {
        if char == ':' && rest.peek() == Some(&':') {
            rest.next();
            short.truncate(begin);
            continue;
        }
        short.push(char);
        if !(char.is_alphanumeric() || char == '_') {
            begin = short.len();
        }
    }
    short
}

fn types(schema: &Schema) -> String {
    let types = schema.fields.iter().map(|field| field.data_type.to_string());
    format!("({})", types.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use crate::plan::tests::plan;

    fn signatures(sql: &str) -> Vec<String> {
        plan(sql).unwrap().signatures().into_values().collect()
    }

    #[test]
    fn what_a_state_is_made_of_is_in_its_signature() {
        let join = "SELECT a.millis, b.url FROM clicks a JOIN clicks b ON a.millis = b.millis;";
        let top = "SELECT k, v FROM (SELECT millis AS k, url AS v, ROW_NUMBER() OVER (PARTITION BY millis ORDER BY user_name) AS n
                   FROM clicks) WHERE n <= 2;";
        let over = "SELECT user_name, SUM(millis) OVER (PARTITION BY user_name ORDER BY ts) AS s FROM clicks;";
        let sum = "SELECT url, SUM(x) FROM (SELECT url, millis + 1 AS x FROM clicks) GROUP BY url;";
        let window =
            "SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
                      GROUP BY window_start, window_end;";
        let window_top =
            "SELECT url FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY millis) AS n
                          FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) WHERE n <= 2;";
        let pattern = "SELECT * FROM clicks MATCH_RECOGNIZE (PARTITION BY user_name ORDER BY ts MEASURES a.millis AS m
                       AFTER MATCH SKIP PAST LAST ROW PATTERN (a b{2} c) DEFINE b AS b.millis > a.millis) AS m;";
        let sink = "CREATE TABLE o (url STRING) WITH ('connector' = 'print'); INSERT INTO o SELECT url FROM clicks;";
        for (sql, from, to) in [
            (join, "b.url", "b.user_name"),
            (top, "PARTITION BY millis", "PARTITION BY millis + 1"),
            (top, "url AS v", "ts AS v"),
            (top, "ORDER BY user_name", "ORDER BY user_name DESC"),
            (over, "SUM(millis)", "MAX(millis)"),
            (sum, "millis + 1", "millis + 2"),
            (window, "MINUTE)", "MINUTE, INTERVAL '1' SECOND)"),
            (window_top, "ORDER BY millis", "ORDER BY millis DESC"),
            (window_top, "INTERVAL '1' MINUTE", "INTERVAL '2' MINUTE"),
            (pattern, "b{2}", "b{3}"),
            (pattern, "(a b{2} c)", "(a (b | c){3})"),
            (pattern, "b.millis > a.millis", "b.millis < a.millis"),
            (pattern, "PAST LAST ROW", "TO NEXT ROW"),
            (sink, "'print'", "'blackhole'"),
        ] {
            assert_ne!(signatures(sql), signatures(&sql.replace(from, to)), "{to} instead of {from}");
        }
        for (sql, from, to) in [
            (join, "a JOIN", "a /* a remark */ JOIN"),
            (over, "FROM clicks", "FROM clicks WHERE millis > 3"),
            (sum, "SELECT url, SUM(x)", "SELECT LOWER(url), SUM(x) + 1 AS total"),
        ] {
            assert_eq!(signatures(sql), signatures(&sql.replace(from, to)), "{to} instead of {from}");
        }
    }

    #[test]
    fn a_signature_does_not_know_in_which_module_a_type_is() {
        let debug = "Extreme(Column { of: PhantomData<operators::column::Of<arrow_array::types::Int64Type>>, at: 5 })";
        assert_eq!(super::without_paths(debug), "Extreme(Column { of: PhantomData<Of<Int64Type>>, at: 5 })");
        assert_eq!(super::without_paths("Count"), "Count");
    }
}

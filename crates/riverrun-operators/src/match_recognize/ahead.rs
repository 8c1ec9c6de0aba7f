//! Conditions that look at other rows of the match, answered for many partitions at once: an expression over one row costs a
//! hundred times of what it costs per row of a batch.
//!
//! What the matcher will ask of the next row of a partition is known from what is open there. It may ask less than is answered here:
//! where an answer ahead fails, it is left out, and fails only if the matcher does ask.

use super::{CHANGED_AT_ONCE, Condition, Defined, MatchRecognize, Row};
use crate::expression::evaluate_condition;
use crate::pattern::{Node, Path, Program, Variable};
use arrow::array::Array;
use riverrun_core::{Error, Result};
use std::collections::HashMap;
use std::rc::Rc;

/// A row as a variable of a match that has come so far.
type Question = Rc<Node<Rc<Row>>>;

/// What is known of the next row of a partition.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The number of the row.
    arrival: u64,
    list: Vec<Answer>,
}

#[derive(Debug)]
struct Answer {
    variable: Variable,
    /// Behind which rows: where they lie in memory.
    before: usize,
    holds: bool,
}

impl Answers {
    /// Whether they are about this row.
    pub(super) fn are_of(&self, arrival: u64) -> bool {
        self.arrival == arrival
    }

    /// Whether the row can be the variable behind these rows, if that was asked.
    pub(super) fn of(&self, question: &Node<Rc<Row>>) -> Option<bool> {
        let before = address(&question.before);
        let is_it = |answer: &&Answer| answer.variable == question.variable && answer.before == before;
        self.list.iter().find(is_it).map(|answer| answer.holds)
    }
}

/// What open matches hold lies where it is until the next row comes.
fn address(path: &Path<Rc<Row>>) -> usize {
    path.as_ref().map_or(0, |node| Rc::as_ptr(node) as usize)
}

/// The variables whose conditions look at other rows, by what may be asked in a state of the pattern.
#[derive(Debug, Default)]
pub(super) struct Asked(HashMap<u32, Box<[Variable]>>);

impl Asked {
    fn of(&mut self, state: u32, program: &Program, conditions: &[Condition]) -> &[Variable] {
        self.0.entry(state).or_insert_with(|| {
            let asked = program.asked(state).into_iter();
            asked.filter(|variable| matches!(conditions[*variable], Condition::Computed(_))).collect()
        })
    }
}

impl MatchRecognize {
    /// Answers what will be asked of the next row of this partition, and of those of others that are due.
    pub(super) fn ask_ahead(&mut self, slot: u32) -> Result<()> {
        let mut slots = std::mem::take(&mut self.unasked);
        if slots.is_empty() {
            let due = self.due.range(..=(self.now, u32::MAX)).take(CHANGED_AT_ONCE);
            slots.extend(due.map(|(_, slot)| *slot));
        }
        slots.push(slot);
        let mut questions: Vec<(Vec<u32>, Vec<Question>)> = Vec::new();
        questions.resize_with(self.spec.conditions.len(), Default::default);
        for slot in slots {
            let partition = &mut self.partitions.list[slot as usize];
            if partition.answers.is_some() {
                continue;
            }
            let mut answers = Answers::default();
            if let Some((place, row)) = partition.waiting.first_mut().filter(|(place, _)| place.0 <= self.now) {
                answers.arrival = place.2;
                self.spec.complete(row, &partition.recent);
                for (state, before) in partition.matcher.questions(&self.rules) {
                    for &variable in self.asked.of(state, &self.rules.program, &self.spec.conditions) {
                        let (asking, nodes) = &mut questions[variable];
                        asking.push(slot);
                        nodes.push(Rc::new(Node { variable, row: Rc::clone(row), before: before.cloned() }));
                    }
                }
            }
            partition.answers = Some(answers);
        }
        for (variable, (slots, nodes)) in questions.into_iter().enumerate() {
            let Ok(all) = self.defined(None).hold_each(variable, &nodes) else { continue };
            for ((slot, node), holds) in slots.into_iter().zip(&nodes).zip(all) {
                if let Some(answers) = &mut self.partitions.list[slot as usize].answers {
                    answers.list.push(Answer { variable, before: address(&node.before), holds });
                }
            }
        }
        Ok(())
    }
}

impl Defined<'_> {
    /// Whether rows can be a variable of which the condition is computed, each behind its own rows.
    pub(super) fn hold_each(&self, variable: Variable, nodes: &[Question]) -> Result<Vec<bool>> {
        let Condition::Computed(computed) = &self.spec.conditions[variable] else { return Ok(Vec::new()) };
        if nodes.is_empty() {
            return Ok(Vec::new());
        }
        let values = computed.values.iter().map(|value| {
            let of = |node: &Question| value.of(node, node, (0, 0), &self.spec.variables, self.nulls);
            nodes.iter().map(of).collect::<Result<Vec<_>>>()
        });
        let batch = computed.batch(values.collect::<Result<_>>()?, nodes.len())?;
        let Some(condition) = computed.expressions.first() else {
            return Err(Error::bug("a condition without an expression"));
        };
        let holds = evaluate_condition(condition, &batch)?;
        Ok((0..nodes.len()).map(|at| holds.is_valid(at) && holds.value(at)).collect())
    }
}

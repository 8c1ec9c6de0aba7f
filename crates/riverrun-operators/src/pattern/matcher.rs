//! What has been begun in one partition, row by row.

use super::program::{FINAL, Program, StateId, Variable};
use riverrun_core::Result;
use std::collections::VecDeque;
use std::rc::Rc;

/// Tells whether rows can be variables.
pub trait Conditions<R> {
    /// Whether the row that `path` ends with can be the variable that it stands there for; the rows before it have been
    /// matched already.
    fn hold(&mut self, path: &Rc<Node<R>>) -> Result<bool>;
}

/// A row of a match, with the rows before it. Matches that begin alike share their beginnings.
#[derive(Debug)]
pub struct Node<R> {
    /// What the row is.
    pub variable: Variable,
    /// The row.
    pub row: R,
    /// The row before it in the match.
    pub before: Path<R>,
}

/// A way through the pattern, from its last row back.
pub type Path<R> = Option<Rc<Node<R>>>;

impl<R> Node<R> {
    /// This row and those before it, back to the first.
    pub fn back(&self) -> impl Iterator<Item = &Node<R>> {
        std::iter::successors(Some(self), |node| node.before.as_deref())
    }
}

impl<R> Drop for Node<R> {
    fn drop(&mut self) {
        // A long match is taken apart step by step, not by a recursion as deep as it is long.
        let mut rest = self.before.take();
        while let Some(node) = rest {
            rest = Rc::try_unwrap(node).ok().and_then(|mut node| node.before.take());
        }
    }
}

/// Where the search goes on after a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Behind its last row.
    PastLastRow,
    /// At its second row.
    ToNextRow,
    /// At the first row that is this variable.
    ToFirst(Variable),
    /// At the last row that is this variable.
    ToLast(Variable),
}

/// Why a search can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipError {
    /// The match has no row that is the variable.
    Missing(Variable),
    /// The row is the first one of the match, which would be found again for ever.
    First(Variable),
}

/// What holds for all partitions.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The pattern.
    pub program: Program,
    /// AFTER MATCH SKIP.
    pub skip: Skip,
    /// A match must be over before so much time has passed since its first row.
    pub within: Option<i64>,
}

/// A match: its rows in order.
#[derive(Debug)]
pub struct Match<R> {
    /// The last row, and through it those before.
    pub last: Rc<Node<R>>,
}

impl<R> Match<R> {
    /// Its rows, from the first to the last.
    pub fn rows(&self) -> Vec<&Node<R>> {
        let mut rows: Vec<_> = self.last.back().collect();
        rows.reverse();
        rows
    }
}

/// A match that has begun, as snapshots see it.
#[derive(Debug)]
pub struct Opened<R> {
    pub(super) state: StateId,
    pub(super) start: u64,
    pub(super) start_time: i64,
    pub(super) path: Rc<Node<R>>,
}

impl<R> Clone for Opened<R> {
    fn clone(&self) -> Self {
        Opened { state: self.state, start: self.start, start_time: self.start_time, path: Rc::clone(&self.path) }
    }
}

impl<R> Opened<R> {
    /// A match that had been begun before a restore.
    pub fn new(state: u32, start: u64, start_time: i64, path: Rc<Node<R>>) -> Self {
        Opened { state, start, start_time, path }
    }

    /// The number of its state in the program, the number of its first row, and that row's time.
    pub fn position(&self) -> (u32, u64, i64) {
        (self.state, self.start, self.start_time)
    }

    /// Its rows so far.
    pub fn path(&self) -> &Rc<Node<R>> {
        &self.path
    }
}

/// The matches that have begun in one partition.
#[derive(Debug)]
pub struct Matcher<R> {
    /// Those that are not complete, by the row they begin with.
    open: Vec<Opened<R>>,
    /// Those that are, and wait for one that began earlier.
    complete: VecDeque<Opened<R>>,
    /// How many rows there have been.
    rows: u64,
}

impl<R> Default for Matcher<R> {
    fn default() -> Self {
        Matcher { open: Vec::new(), complete: VecDeque::new(), rows: 0 }
    }
}

/// Where a row leads.
struct Step<R> {
    state: StateId,
    path: Rc<Node<R>>,
    /// Whether the match is complete with it.
    complete: bool,
}

impl<R: Clone> Matcher<R> {
    /// A matcher as it was: what is open, what is complete and waits, and how many rows there had been.
    pub fn restored(open: Vec<Opened<R>>, complete: Vec<Opened<R>>, rows: u64) -> Self {
        Matcher { open, complete: complete.into(), rows }
    }

    /// What is open, what is complete and waits, and how many rows there have been.
    pub fn state(&self) -> (&[Opened<R>], impl Iterator<Item = &Opened<R>>, u64) {
        (&self.open, self.complete.iter(), self.rows)
    }

    /// From which states the next row is followed, each with the rows before it: what it may be is asked there.
    pub fn questions<'a>(&'a self, rules: &Rules) -> impl Iterator<Item = (u32, Option<&'a Rc<Node<R>>>)> {
        let begun = self.open.iter().map(|open| (open.state, Some(&open.path)));
        begun.chain([(rules.program.start(), None)])
    }

    /// Whether nothing has begun.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty() && self.complete.is_empty()
    }

    /// When the earliest of the open matches has had its time.
    pub fn deadline(&self, rules: &Rules) -> Option<i64> {
        let within = rules.within?;
        self.open.iter().map(|open| open.start_time.saturating_add(within)).min()
    }

    /// Time has come so far: matches that have had theirs are given up, and others may come out.
    pub fn advance(&mut self, time: i64, rules: &Rules, found: &mut Vec<Match<R>>) -> Result<(), SkipError> {
        let Some(within) = rules.within else { return Ok(()) };
        let before = self.open.len();
        self.open.retain(|open| time.saturating_sub(open.start_time) < within);
        if self.open.len() == before { Ok(()) } else { self.release(rules, found) }
    }

    /// The next row, which comes at `time`.
    pub fn push(
        &mut self,
        row: &R,
        time: i64,
        rules: &Rules,
        conditions: &mut dyn Conditions<R>,
        found: &mut Vec<Match<R>>,
    ) -> Result<Result<(), SkipError>> {
        if let Err(error) = self.advance(time, rules, found) {
            return Ok(Err(error));
        }
        let number = self.rows;
        self.rows += 1;
        let mut steps = Vec::new();
        let mut open = Vec::with_capacity(self.open.len() + 1);
        let mut complete = Vec::new();
        let mut lead = |steps: &mut Vec<Step<R>>, start: u64, start_time: i64| {
            for step in steps.drain(..) {
                let begun = Opened { state: step.state, start, start_time, path: step.path };
                if step.complete {
                    complete.push(begun.clone());
                }
                if begun.state != FINAL {
                    open.push(begun);
                }
            }
        };
        for begun in std::mem::take(&mut self.open) {
            follow(&rules.program, begun.state, Some(&begun.path), row, conditions, &mut steps)?;
            lead(&mut steps, begun.start, begun.start_time);
        }
        follow(&rules.program, rules.program.start(), None, row, conditions, &mut steps)?;
        lead(&mut steps, number, time);
        self.open = open;
        if complete.is_empty() && self.complete.is_empty() {
            return Ok(Ok(()));
        }
        for begun in complete {
            let at = self.complete.partition_point(|other| other.start <= begun.start);
            self.complete.insert(at, begun);
        }
        Ok(self.release(rules, found))
    }

    /// Hands out the complete matches before which no open one begins.
    fn release(&mut self, rules: &Rules, found: &mut Vec<Match<R>>) -> Result<(), SkipError> {
        while let Some(first) = self.complete.front() {
            if self.open.first().is_some_and(|open| open.start < first.start) {
                break;
            }
            let Some(begun) = self.complete.pop_front() else { break };
            let next = next_start(&begun, rules.skip)?;
            self.open.retain(|open| open.start >= next);
            self.complete.retain(|open| open.start >= next);
            found.push(Match { last: begun.path });
        }
        Ok(())
    }
}

/// The number of the first row that the next match may begin with.
fn next_start<R>(begun: &Opened<R>, skip: Skip) -> Result<u64, SkipError> {
    let length = || begun.path.back().count() as u64;
    match skip {
        Skip::ToNextRow => Ok(begun.start + 1),
        Skip::PastLastRow => Ok(begun.start + length()),
        Skip::ToLast(variable) | Skip::ToFirst(variable) => {
            let mut is_it = begun.path.back().map(|node| node.variable == variable);
            let last = length() - 1;
            let from_end = match skip {
                Skip::ToLast(_) => is_it.position(|is_it| is_it),
                _ => is_it.enumerate().filter(|(_, is_it)| *is_it).map(|(at, _)| at).last(),
            };
            let from_start = last - from_end.ok_or(SkipError::Missing(variable))? as u64;
            if from_start == 0 { Err(SkipError::First(variable)) } else { Ok(begun.start + from_start) }
        }
    }
}

/// The ways that a row opens from a state.
fn follow<R: Clone>(
    program: &Program,
    state: StateId,
    path: Option<&Rc<Node<R>>>,
    row: &R,
    conditions: &mut dyn Conditions<R>,
    steps: &mut Vec<Step<R>>,
) -> Result<()> {
    let mut asked = Asked { row, before: path.cloned(), answers: Vec::new() };
    let mut seen = Vec::new();
    let mut taken = Vec::new();
    walk(program, state, &mut seen, &mut asked, conditions, &mut |variable, to| taken.push((variable, to)))?;
    for (variable, to) in taken {
        let path = asked.node(variable);
        // Whether the rest of the pattern may be left out is asked with the same row, as Flink does.
        let complete = to == FINAL || ends(program, to, &mut asked, conditions)?;
        steps.push(Step { state: to, path, complete });
    }
    Ok(())
}

/// What a row can be behind a path: asked once per variable.
struct Asked<'a, R> {
    row: &'a R,
    before: Path<R>,
    answers: Vec<(Variable, bool, Rc<Node<R>>)>,
}

impl<R: Clone> Asked<'_, R> {
    fn holds(&mut self, variable: Variable, conditions: &mut dyn Conditions<R>) -> Result<bool> {
        if let Some((_, answer, _)) = self.answers.iter().find(|(known, _, _)| *known == variable) {
            return Ok(*answer);
        }
        let node = Rc::new(Node { variable, row: self.row.clone(), before: self.before.clone() });
        let answer = conditions.hold(&node)?;
        self.answers.push((variable, answer, node));
        Ok(answer)
    }

    fn node(&self, variable: Variable) -> Rc<Node<R>> {
        match self.answers.iter().find(|(known, _, _)| *known == variable) {
            Some((_, _, node)) => Rc::clone(node),
            None => Rc::new(Node { variable, row: self.row.clone(), before: self.before.clone() }),
        }
    }
}

/// Finds what takes the row, from a state on and along the ways that take none, in the order of preference.
fn walk<R: Clone>(
    program: &Program,
    state: StateId,
    seen: &mut Vec<StateId>,
    asked: &mut Asked<'_, R>,
    conditions: &mut dyn Conditions<R>,
    take: &mut dyn FnMut(Variable, StateId),
) -> Result<()> {
    if seen.contains(&state) {
        return Ok(());
    }
    seen.push(state);
    for (variable, to) in &program.state(state).takes {
        if asked.holds(*variable, conditions)? {
            take(*variable, *to);
        }
    }
    for proceed in &program.state(state).proceeds {
        let open = match proceed.unless {
            Some(variable) => !asked.holds(variable, conditions)?,
            None => true,
        };
        if open {
            walk(program, proceed.to, seen, asked, conditions, take)?;
        }
    }
    Ok(())
}

/// Whether the pattern may end in a state.
fn ends<R: Clone>(
    program: &Program,
    state: StateId,
    asked: &mut Asked<'_, R>,
    conditions: &mut dyn Conditions<R>,
) -> Result<bool> {
    let (mut left, mut seen) = (vec![state], Vec::new());
    while let Some(state) = left.pop() {
        if state == FINAL {
            return Ok(true);
        }
        if seen.contains(&state) {
            continue;
        }
        seen.push(state);
        for proceed in &program.state(state).proceeds {
            let open = match proceed.unless {
                Some(variable) => !asked.holds(variable, conditions)?,
                None => true,
            };
            if open {
                left.push(proceed.to);
            }
        }
    }
    Ok(false)
}

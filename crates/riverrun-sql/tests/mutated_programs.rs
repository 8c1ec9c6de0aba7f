//! Programs with words dropped, doubled or swapped: whatever comes of them, it is a plan or an error, never a panic.

use riverrun_core::{ErrorKind, SystemClock};
use riverrun_sql::catalog::Catalog;
use riverrun_sql::parse::{StatementKind, Variables, parse};
use riverrun_sql::plan::Planner;
use riverrun_sql::session::{SessionConfig, execute_ddl};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// How many mutants are made of each program.
const MUTANTS: usize = 40;

/// A small generator of numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn mutated_programs_are_planned_or_refused() {
    let folder = Path::new("tests/programs");
    let mut numbers = Numbers(0x5eed_cafe);
    let mut planned = 0;
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    for case in cases {
        let text = fs::read_to_string(case.join("pipeline.sql")).unwrap();
        let words: Vec<&str> = text.split_inclusive(|c: char| " (),\n".contains(c)).collect();
        for _ in 0..MUTANTS {
            let mut mutant = words.clone();
            for _ in 0..=numbers.below(2) {
                let at = numbers.below(mutant.len());
                let other = numbers.below(mutant.len());
                match numbers.below(3) {
                    0 => drop(mutant.remove(at)),
                    1 => mutant.insert(at, mutant[other]),
                    _ => mutant.swap(at, other),
                }
            }
            planned += usize::from(plan(&mutant.concat(), &case));
        }
    }
    assert!(planned > 0, "no mutant was planned, so nothing was tested");
}

/// Whether all statements of a text are planned.
fn plan(text: &str, folder: &Path) -> bool {
    let variables = Variables::from([("DIR".to_owned(), folder.display().to_string())]);
    let Ok(statements) = parse(text, &variables) else { return false };
    let mut catalog = Catalog::default();
    let mut config = SessionConfig::default();
    for statement in statements {
        let planner = Planner::new(&catalog, &config, Arc::new(SystemClock));
        let result = match &statement.kind {
            StatementKind::Query(query) => planner.plan_query(query).map(|_| ()),
            StatementKind::Insert(insert) => planner.plan_inserts(std::slice::from_ref(insert)).map(|_| ()),
            StatementKind::StatementSet(inserts) => planner.plan_inserts(inserts).map(|_| ()),
            StatementKind::Explain(_) => Ok(()),
            _ => execute_ddl(&statement, &mut catalog, &mut config, &|_, _| Ok(Default::default())).map(|_| ()),
        };
        if let Err(error) = result {
            assert_ne!(error.kind(), ErrorKind::Bug, "{error:?}\n{text}");
            return false;
        }
    }
    true
}

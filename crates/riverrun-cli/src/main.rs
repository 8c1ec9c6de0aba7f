//! The `riverrun` binary.

mod args;
mod bench;
mod chaos;
mod checkpoints;
mod demo;
mod logging;
mod output;
mod processes;
mod progress;
mod reference;
mod run;
mod shell;
mod signals;
mod summary;
mod test;

use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use riverrun_core::Result;
use riverrun_core::failpoint::{FAULTS_VARIABLE, arm_from_environment};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(cli.verbose);
    riverrun::runtime::install_panic_hook();
    if matches!(cli.command, Command::Run(_) | Command::Worker) {
        // The processes of a rehearsal; told, should somebody have set it by mistake.
        match arm_from_environment() {
            Ok(armed) if armed => tracing::warn!("faults are armed: {FAULTS_VARIABLE} is set"),
            Ok(_) => {}
            Err(error) => return ExitCode::from(run::report(&error, "", "")),
        }
    }
    let ended = match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Sql(args) => shell::shell(args),
        Command::Savepoint(args) => checkpoints::savepoint(args),
        Command::Checkpoints(args) => checkpoints::checkpoints(args),
        Command::Explain(args) => run::explain(args),
        Command::Check(args) => run::check(args),
        Command::Test(args) => test::test(args),
        Command::Chaos(args) => chaos::chaos(args),
        Command::Connectors(args) => page(reference::connectors_page(args.name.as_deref())),
        Command::Options(args) => page(reference::options_page(args.name.as_deref())),
        Command::Functions(args) => page(reference::functions_page(args.name.as_deref())),
        Command::Demo(args) => demo::demo(args),
        Command::Bench(args) => bench::bench(args),
        Command::Worker => processes::worker(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "riverrun", &mut script);
            // A reader that has gone away (`| head`) is no failure.
            let _ = std::io::stdout().write_all(&script);
            0
        }
    };
    ExitCode::from(ended)
}

/// Prints a page of reference; its error has no place in a file.
fn page(text: Result<String>) -> u8 {
    match text {
        Ok(text) => {
            // A reader that has gone away (`| head`) is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            0
        }
        Err(error) => {
            eprint!("{}", error.render("", ""));
            error.exit_code() as u8
        }
    }
}

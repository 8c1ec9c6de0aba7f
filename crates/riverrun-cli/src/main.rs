//! The `riverrun` binary.

#![deny(clippy::print_stdout, reason = "what is lost there has to be told: output::print does")]
#![deny(clippy::print_stderr, reason = "where nobody takes it that is no reason to end: output::tell does not")]

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
use riverrun_core::failpoint::{FAULTS_VARIABLE, arm_from_environment};
use riverrun_core::{Error, Result};
use run::report;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let ended = match Cli::try_parse() {
        Ok(cli) => command(&cli),
        Err(help) if !help.use_stderr() => print_help(&help),
        Err(error) => error.exit(),
    };
    ExitCode::from(ended.unwrap_or_else(|error| report(&error, "", "")))
}

/// Does what the command line asks for; the exit code. An error that comes out of here is about no place in a file.
fn command(cli: &Cli) -> Result<u8> {
    logging::start(cli.verbose);
    riverrun::runtime::install_panic_hook();
    if matches!(cli.command, Command::Run(_) | Command::Worker) {
        // The processes of a rehearsal; told, should somebody have set it by mistake.
        if arm_from_environment()? {
            tracing::warn!("faults are armed: {FAULTS_VARIABLE} is set");
        }
    }
    match &cli.command {
        Command::Run(args) => run::run(args, cli.verbose),
        Command::Sql(args) => shell::shell(args),
        Command::Savepoint(args) => checkpoints::savepoint(args),
        Command::Checkpoints(args) => checkpoints::checkpoints(args),
        Command::Explain(args) => run::explain(args),
        Command::Check(args) => run::check(args),
        Command::Test(args) => test::test(args),
        Command::Chaos(args) => chaos::chaos(args),
        Command::Connectors(args) => page(&reference::connectors_page(args.name.as_deref())?),
        Command::Options(args) => page(&reference::options_page(args.name.as_deref())?),
        Command::Functions(args) => page(&reference::functions_page(args.name.as_deref())?),
        Command::Demo(args) => demo::demo(args),
        Command::Bench(args) => bench::bench(args),
        Command::Worker => Ok(processes::worker()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "riverrun", &mut script);
            page(&String::from_utf8(script).map_err(|error| Error::bug(error.to_string()))?)
        }
    }
}

/// A page of reference.
fn page(text: &str) -> Result<u8> {
    output::print(text)?;
    Ok(0)
}

/// `--help` and `--version`, with the colours that clap gives them.
fn print_help(help: &clap::Error) -> Result<u8> {
    output::are_written(help.print().and_then(|()| std::io::stdout().flush()))?;
    Ok(0)
}

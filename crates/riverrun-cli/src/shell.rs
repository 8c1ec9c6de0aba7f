//! `riverrun sql`: an interactive shell with history, statements over several lines, and completion.

mod complete;

use crate::args::{OutputFormat, SqlArgs};
use crate::output::print;
use crate::run::{Terminal, define, report};
use complete::SqlCompleter;
use reedline::{
    ColumnarMenu, DefaultPrompt, DefaultPromptSegment, Emacs, FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder,
    Reedline, ReedlineEvent, ReedlineMenu, Signal, ValidationResult, Validator, default_emacs_keybindings,
};
use riverrun::sql::parse::is_complete;
use riverrun::{RunOptions, Script, Session, run_script};
use riverrun_core::{Error, Result};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

const HELP: &str = "\
A statement ends with `;` and may stand on several lines. Ctrl-C stops a running query, Ctrl-D leaves.
  help;               this page
  clear;              an empty screen
  quit;  exit;        leave
  SHOW TABLES;        what there is; also VIEWS, FUNCTIONS, CREATE TABLE t, COLUMNS FROM t
  DESCRIBE t;         the columns of a table
  SET 'key' = 'v';    a session option; SET; lists those that are set, `riverrun options` all
  EXPLAIN SELECT …;   the plan of a query
";
const HISTORY: usize = 10_000;

/// Runs the shell; the exit code.
pub fn shell(args: &SqlArgs) -> Result<u8> {
    let mut session = Session::default();
    define(&mut session, &args.define)?;
    let mut host = Terminal::new(&session, OutputFormat::Table);
    let options = RunOptions { parallelism: args.parallelism, ..RunOptions::default() };
    let mut init = Script::from_text("", "");
    if let Some(file) = &args.init {
        init = Script::read(file, args.variables.clone())?;
        if let Err(error) = run_script(&mut session, &init, &options, &mut host) {
            return Ok(report(&error, &init.name, &init.text));
        }
        host.tell_astray();
    }
    let mut shell = Shell { session, host, options, init, variables: args.variables.clone() };
    if std::io::stdin().is_terminal() { shell.interactive() } else { shell.piped() }
}

/// What runs the statements.
struct Shell {
    session: Session,
    host: Terminal,
    options: RunOptions,
    /// The file that was run first. What is read afterwards stands behind it: an error in the use of one of its tables may point
    /// into it.
    init: Script,
    variables: Vec<(String, String)>,
}

impl Shell {
    /// Runs a text; its error is told with places in `whole`, of which the text is a part.
    fn run(&mut self, mut script: Script, whole: &str) -> u8 {
        let before = self.init.text.lines().count() as u32;
        script.lines_before += before;
        let result = run_script(&mut self.session, &script, &self.options, &mut self.host);
        self.host.progress.clear();
        self.host.tell_astray();
        match result {
            Ok(()) => 0,
            Err(error) if error.place().is_some_and(|place| place.line <= before) => {
                report(&error, &self.init.name, &self.init.text)
            }
            Err(error) => report(&error.lines_up(before), &script.name, whole),
        }
    }

    /// Statements from a pipe: run as a script.
    fn piped(&mut self) -> Result<u8> {
        let script = Script::read(Path::new("-"), self.variables.clone())?;
        self.host.start_again();
        let whole = script.text.clone();
        Ok(self.run(script, &whole))
    }

    fn interactive(&mut self) -> Result<u8> {
        print(&format!("Riverrun {}. `help;` for help, `quit;` to leave.\n", env!("CARGO_PKG_VERSION")))?;
        let completer = SqlCompleter::new(&self.session);
        let words = completer.words();
        let mut editor = editor(completer);
        // All that was typed: errors point into it, also into a table's definition of long ago.
        let mut typed = String::new();
        let prompt = DefaultPrompt::new(DefaultPromptSegment::Basic("riverrun".into()), DefaultPromptSegment::Empty);
        loop {
            match editor.read_line(&prompt) {
                Ok(Signal::Success(text)) => {
                    let word = text.trim().trim_end_matches(';').trim().to_ascii_lowercase();
                    match word.as_str() {
                        "" => continue,
                        "quit" | "exit" => return Ok(0),
                        "help" => {
                            print(HELP)?;
                            continue;
                        }
                        "clear" => {
                            // A terminal that can't be cleared still shows the next prompt.
                            let _ = editor.clear_screen();
                            continue;
                        }
                        _ => {}
                    }
                    self.host.start_again();
                    let lines_before = typed.lines().count() as u32;
                    typed.push_str(&text);
                    typed.push('\n');
                    let variables = self.variables.clone();
                    let script = Script { lines_before, variables, ..Script::from_text("input", text) };
                    self.run(script, &typed);
                    SqlCompleter::refresh(&words, &self.session);
                }
                Ok(Signal::CtrlD) => return Ok(0),
                // Ctrl-C at the prompt gives up the line, not the shell.
                Ok(_) => {}
                Err(error) => return Err(Error::failure(format!("cannot read the terminal: {error}"))),
            }
        }
    }
}

fn editor(completer: SqlCompleter) -> Reedline {
    let menu = ColumnarMenu::default().with_name("completions");
    let mut keys = default_emacs_keybindings();
    keys.add_binding(
        KeyModifiers::NONE,
        KeyCode::Tab,
        ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu("completions".into()), ReedlineEvent::MenuNext]),
    );
    let mut editor = Reedline::create()
        .with_validator(Box::new(EndsWithSemicolon))
        .with_completer(Box::new(completer))
        // A word that can be only one is completed at once, and several as far as they agree.
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_edit_mode(Box::new(Emacs::new(keys)));
    if let Some(path) = history_file()
        && let Ok(history) = FileBackedHistory::with_file(HISTORY, path)
    {
        editor = editor.with_history(Box::new(history));
    }
    editor
}

fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state")))?;
    Some(state.join("riverrun/history"))
}

/// A statement goes on until its semicolon.
struct EndsWithSemicolon;

impl Validator for EndsWithSemicolon {
    fn validate(&self, line: &str) -> ValidationResult {
        let word = line.trim().to_ascii_lowercase();
        if is_complete(line) || matches!(word.as_str(), "quit" | "exit" | "help" | "clear") {
            ValidationResult::Complete
        } else {
            ValidationResult::Incomplete
        }
    }
}

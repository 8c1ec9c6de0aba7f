//! Requests to a running process: a line of JSON each way over a Unix socket, whose path stands in `STATE_DIR/control`.

use super::state_dir::StateDir;
use riverrun_core::{Error, ErrorKind, Result};
use riverrun_runtime::JobHandle;
use riverrun_state::checkpoint::{Location, StoreOptions};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Names the socket.
const CONTROL: &str = "control";

/// A savepoint that is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavepointOrder {
    /// The folder that becomes the savepoint.
    pub target: String,
    /// Whether the job stops with it.
    pub stop: bool,
    /// Which job of the script, if it has several.
    pub job: Option<usize>,
}

/// A savepoint that was taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavepointDone {
    /// Where it is.
    pub place: String,
    /// The bytes of state in it.
    pub state_bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Refusal {
    input: bool,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
}

/// The jobs that can be asked for savepoints, by their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running {
    jobs: Arc<Mutex<BTreeMap<usize, (JobHandle, StoreOptions)>>>,
    /// Read by every request until it is answered.
    answering: Arc<RwLock<()>>,
}

impl Running {
    /// The options say how a savepoint's store is reached.
    pub(crate) fn insert(&self, number: usize, job: &JobHandle, stores: StoreOptions) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).insert(number, (job.clone(), stores));
    }

    pub(crate) fn remove(&self, number: usize) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }

    /// Waits until every request has been answered: the process is about to end.
    pub(crate) fn settle(&self) {
        drop(self.answering.write());
    }

    fn find(&self, wanted: Option<usize>) -> Result<(JobHandle, StoreOptions)> {
        let running = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let numbers = || running.keys().map(usize::to_string).collect::<Vec<_>>().join(", ");
        match (wanted, running.len()) {
            (_, 0) => Err(Error::input("no job is running there just now")),
            (Some(wanted), _) => running.get(&wanted).cloned().ok_or_else(|| {
                Error::input(format!("there is no job {wanted}")).hint(format!("running: {}", numbers()))
            }),
            (None, 1) => running.values().next().cloned().ok_or_else(|| Error::bug("a job that is not there")),
            (None, _) => {
                Err(Error::input("several jobs are running there").hint(format!("name one with --job: {}", numbers())))
            }
        }
    }

    fn savepoint(&self, order: &SavepointOrder) -> Result<SavepointDone> {
        let (job, stores) = self.find(order.job)?;
        let target = Location::parse(&order.target, &stores)?.open()?;
        let manifest = job.savepoint(target.clone(), order.stop)?;
        Ok(SavepointDone { place: target.describe(""), state_bytes: manifest.state_bytes() })
    }
}

/// The socket that requests come to. Nobody listens there once this is dropped; it is taken away then.
pub(crate) struct Listening(PathBuf);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Listens for requests until the process ends or what is given is dropped.
pub(crate) fn listen(state_dir: &StateDir, running: &Running) -> Result<Listening> {
    let failed = |error: std::io::Error| Error::failure(format!("cannot listen for savepoint requests: {error}"));
    let not_writable = |path: &Path, error: &std::io::Error| {
        Error::failure(format!("cannot write {}: {error}", path.display()))
            .hint("the state directory must be writable and have room for checkpoints: make room, or use another")
    };
    let socket = socket_path(state_dir.path());
    // The directory is locked, so nobody else listens there.
    match std::fs::remove_file(&socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(not_writable(&socket, &error)),
        _ => {}
    }
    let bound = Address::of(&socket).and_then(|address| UnixListener::bind(&address.path));
    let listener = bound.map_err(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => not_writable(&socket, &error),
        _ => failed(error),
    })?;
    let listening = Listening(socket.clone());
    let control = state_dir.path().join(CONTROL);
    std::fs::write(&control, socket.as_os_str().as_encoded_bytes()).map_err(|error| not_writable(&control, &error))?;
    let running = running.clone();
    let serve = move || {
        for connection in listener.incoming().flatten() {
            let running = running.clone();
            let answer = move || {
                let _answering = running.answering.read();
                let _ = answer(&connection, &running);
            };
            let _ = std::thread::Builder::new().name("control-request".into()).spawn(answer);
        }
    };
    std::thread::Builder::new().name("control".into()).spawn(serve).map_err(failed)?;
    Ok(listening)
}

/// As long as the address of a socket may be, about.
const LONGEST: usize = 100;

/// In the directory; elsewhere if that path is longer than a socket's may be, and can't be said in another way.
fn socket_path(state_dir: &Path) -> PathBuf {
    let beside = state_dir.join("control.sock");
    if beside.as_os_str().len() < LONGEST || Address::of(&beside).is_ok_and(|address| address.folder.is_some()) {
        return beside;
    }
    let name = format!("riverrun-{:016x}.sock", riverrun_state::hash_key(beside.as_os_str().as_encoded_bytes()));
    std::env::temp_dir().join(name)
}

/// How a socket is named to the system: by its path or, if that is too long, through its open folder.
struct Address {
    path: PathBuf,
    folder: Option<File>,
}

impl Address {
    fn of(socket: &Path) -> std::io::Result<Address> {
        let through = Path::new("/proc/self/fd");
        if let (true, true, Some(above), Some(name)) =
            (socket.as_os_str().len() >= LONGEST, through.exists(), socket.parent(), socket.file_name())
        {
            let folder = File::open(above)?;
            let path = through.join(folder.as_raw_fd().to_string()).join(name);
            return Ok(Address { path, folder: Some(folder) });
        }
        Ok(Address { path: socket.to_owned(), folder: None })
    }
}

fn answer(connection: &UnixStream, running: &Running) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line)?;
    let outcome = serde_json::from_str::<SavepointOrder>(&line)
        .map_err(|error| Error::input(format!("a request that can't be read: {error}")))
        .and_then(|order| running.savepoint(&order))
        .map_err(|error| Refusal {
            input: error.kind() == ErrorKind::Input,
            message: error.message().to_owned(),
            detail: error.detail_text().map(str::to_owned),
            hint: error.hint_text().map(str::to_owned),
        });
    let mut answer = serde_json::to_string(&outcome).map_err(std::io::Error::other)?;
    answer.push('\n');
    let mut connection = connection;
    connection.write_all(answer.as_bytes())
}

/// Asks the process that holds a state directory for a savepoint, and waits for it.
pub fn request_savepoint(state_dir: &Path, order: &SavepointOrder) -> Result<SavepointDone> {
    let place = state_dir.display();
    let path = std::fs::read_to_string(state_dir.join(CONTROL)).map_err(|_| {
        Error::input(format!("{place} is no state directory of a running job"))
            .hint("name the directory that `riverrun run --state-dir` was given")
    })?;
    let gone = |error: std::io::Error| {
        Error::failure(format!("no process runs the job of {place}"))
            .detail(error.to_string())
            .hint("`riverrun checkpoints DIR` shows what it left; --from goes on from that")
    };
    let address = Address::of(Path::new(path.trim())).map_err(gone)?;
    let mut connection = UnixStream::connect(&address.path).map_err(gone)?;
    let mut line = serde_json::to_string(order).map_err(|error| Error::bug(error.to_string()))?;
    line.push('\n');
    connection.write_all(line.as_bytes()).map_err(gone)?;
    let mut answer = String::new();
    BufReader::new(&connection).read_line(&mut answer).map_err(gone)?;
    let outcome: std::result::Result<SavepointDone, Refusal> = serde_json::from_str(&answer)
        .map_err(|_| Error::failure("the process that runs the job ended before the savepoint was complete"))?;
    outcome.map_err(|refusal| {
        let Refusal { input, message, detail, hint } = refusal;
        let mut error = if input { Error::input(message) } else { Error::failure(message) };
        if let Some(detail) = detail {
            error = error.detail(detail);
        }
        error.hint_opt(hint)
    })
}

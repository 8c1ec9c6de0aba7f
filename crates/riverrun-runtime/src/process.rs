//! The processes of a job: how they find each other, and how a stranger is kept out.
//!
//! Process 0 listens; the others join it, name the address where they listen themselves, and are given those of all.
//! Then every pair connects, the later process to the earlier one. On each connection our handshake runs
//! before anything else: job, generation, token, plan and parallelism must be the same, so that a process left over from
//! an earlier generation, or one that was started with another plan, can't join.
//!
//! ```text
//! process 2                      process 0                     process 1
//!    │ Hello (control) ──────────────►│◄───────────── Hello (control) │
//!    │◄────────────────── Welcome (addresses) ──────────────────────► │
//!    │ Hello (data) ─────────────────►│◄──────────────── Hello (data) │
//!    │ Hello (data) ─────────────────────────────────────────────────►│
//! ```

use crate::stopwatch::now;
use riverrun_core::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The version of the handshake and of everything that follows it on the wire.
const PROTOCOL: u32 = 2;

/// A greeting longer than this is none.
const LONGEST_GREETING: usize = 64 << 10;

/// A peer that says nothing for so long after connecting is given up.
const GREETING_TIMEOUT: Duration = Duration::from_secs(5);

/// Which process of a job this is, and how it finds the others.
#[derive(Clone)]
pub struct ProcessLayout {
    /// How many processes the job has; they share its parallelism evenly.
    pub processes: usize,
    /// This process's number, from 0.
    pub index: usize,
    /// Where process 0 listens (`host:port`).
    pub coordinator: String,
    /// Process 0 may have bound its listener already, as to a port that the system chose.
    pub listener: Option<Arc<TcpListener>>,
    /// Where the other processes listen for each other (`host:port`; port 0: any).
    pub bind: String,
    /// Names the job.
    pub job_id: String,
    /// Counts the starts of the job.
    pub generation: u64,
    /// Known to the job's processes only.
    pub token: String,
    /// The same on all processes that run the same plan.
    pub plan_fingerprint: u64,
    /// How long the processes wait for each other at the start.
    pub connect_timeout: Duration,
    /// A process that has not been heard of for so long is lost.
    pub heartbeat_timeout: Duration,
    /// Gives a process that has ended already, where whoever started the others knows: nobody waits for that one to join.
    pub ended: Option<Ended>,
    /// The most memory that this process has had so far, in bytes: told to process 0.
    pub peak_memory: Option<PeakMemory>,
}

/// Looks for a process that has ended; gives its number.
pub type Ended = Arc<dyn Fn() -> Option<usize> + Send + Sync>;

/// Gives the most memory that this process has had so far, in bytes.
pub type PeakMemory = Arc<dyn Fn() -> u64 + Send + Sync>;

impl std::fmt::Debug for ProcessLayout {
    /// Without the token, which must not come into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessLayout")
            .field("processes", &self.processes)
            .field("index", &self.index)
            .field("coordinator", &self.coordinator)
            .field("job_id", &self.job_id)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

impl ProcessLayout {
    /// Process `index` of `processes`, of which process 0 listens at `coordinator`.
    pub fn new(processes: usize, index: usize, coordinator: impl Into<String>) -> Self {
        ProcessLayout {
            processes,
            index,
            coordinator: coordinator.into(),
            listener: None,
            bind: "127.0.0.1:0".to_owned(),
            job_id: String::new(),
            generation: 0,
            token: String::new(),
            plan_fingerprint: 0,
            connect_timeout: Duration::from_secs(30),
            heartbeat_timeout: Duration::from_secs(20),
            ended: None,
            peak_memory: None,
        }
    }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Purpose {
    Control,
    Data,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Hello {
    protocol: u32,
    purpose: Purpose,
    job_id: String,
    generation: u64,
    token: String,
    plan_fingerprint: u64,
    processes: usize,
    parallelism: usize,
    index: usize,
    /// Where the sender listens, if it is joining.
    address: String,
}

#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Welcome {
        /// Where each process listens; empty on a data connection.
        addresses: Vec<String>,
    },
    Refused(String),
}

/// The connections of one process.
pub(crate) struct Connections {
    /// To every process but this one, for timely.
    pub(crate) data: Vec<Option<TcpStream>>,
    /// Process 0: to every other process. Another: to process 0.
    pub(crate) control: Vec<(usize, TcpStream)>,
}

impl Connections {
    /// Second handles to the data connections, by which they can be shut down.
    pub(crate) fn handles(&self) -> Vec<TcpStream> {
        self.data.iter().flatten().filter_map(|socket| socket.try_clone().ok()).collect()
    }
}

/// Writes a value with its length before it.
pub(crate) fn write_frame(socket: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    let bytes = postcard::to_stdvec(value).map_err(std::io::Error::other)?;
    let mut frame = (bytes.len() as u32).to_le_bytes().to_vec();
    frame.extend_from_slice(&bytes);
    socket.write_all(&frame)
}

/// Reads a value of at most `longest` bytes.
pub(crate) fn read_frame<T: DeserializeOwned>(socket: &mut impl Read, longest: usize) -> std::io::Result<T> {
    let mut length = [0; 4];
    socket.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > longest {
        return Err(std::io::Error::new(ErrorKind::InvalidData, format!("a message of {length} bytes")));
    }
    let mut bytes = vec![0; length];
    socket.read_exact(&mut bytes)?;
    postcard::from_bytes(&bytes).map_err(|error| std::io::Error::new(ErrorKind::InvalidData, error))
}

/// Connects this process with all others of its job.
pub(crate) fn connect(layout: &ProcessLayout, parallelism: usize) -> Result<Connections> {
    if layout.index >= layout.processes {
        return Err(Error::bug(format!("process {} of {}", layout.index, layout.processes)));
    }
    let meeting = Meeting { layout, parallelism, deadline: now() + layout.connect_timeout };
    if layout.index == 0 { meeting.coordinate() } else { meeting.join() }
}

struct Meeting<'a> {
    layout: &'a ProcessLayout,
    parallelism: usize,
    deadline: Instant,
}

impl Meeting<'_> {
    fn hello(&self, purpose: Purpose, address: String) -> Hello {
        Hello {
            protocol: PROTOCOL,
            purpose,
            job_id: self.layout.job_id.clone(),
            generation: self.layout.generation,
            token: self.layout.token.clone(),
            plan_fingerprint: self.layout.plan_fingerprint,
            processes: self.layout.processes,
            parallelism: self.parallelism,
            index: self.layout.index,
            address,
        }
    }

    /// Process 0: waits for the others to join, tells each where all are, and takes in their data connections.
    fn coordinate(&self) -> Result<Connections> {
        let listener = match &self.layout.listener {
            Some(listener) => listener.clone(),
            None => Arc::new(listen(&self.layout.coordinator)?),
        };
        let others = self.layout.processes - 1;
        let mut joined: Vec<Option<(TcpStream, String)>> = (0..others).map(|_| None).collect();
        while let Some(missing) = joined.iter().position(Option::is_none) {
            let (socket, hello) = self.accept(&listener, Purpose::Control, missing + 1)?;
            joined[hello.index - 1] = Some((socket, hello.address));
        }
        let mut addresses = vec![self.layout.coordinator.clone()];
        addresses.extend(joined.iter().flatten().map(|(_, address)| address.clone()));
        let mut control = Vec::new();
        for (at, (mut socket, _)) in joined.into_iter().flatten().enumerate() {
            let answer = Answer::Welcome { addresses: addresses.clone() };
            write_frame(&mut socket, &answer).map_err(|error| lost(at + 1, &error))?;
            control.push((at + 1, socket));
        }
        let data = self.accept_data(&listener, vec![None])?;
        Ok(Connections { data, control })
    }

    /// Another process: joins process 0, then connects to those before it and takes in those after it.
    fn join(&self) -> Result<Connections> {
        let listener = listen(&self.layout.bind)?;
        let address = listener.local_addr().map_err(|error| Error::failure(error.to_string()))?;
        let control = self.greet(0, &self.layout.coordinator, Purpose::Control, address.to_string())?;
        let (control, addresses) = control;
        let mut data = Vec::new();
        for (index, address) in addresses.iter().enumerate().take(self.layout.index) {
            data.push(Some(self.greet(index, address, Purpose::Data, String::new())?.0));
        }
        data.push(None);
        let data = self.accept_data(&listener, data)?;
        Ok(Connections { data, control: vec![(0, control)] })
    }

    fn accept_data(&self, listener: &TcpListener, mut data: Vec<Option<TcpStream>>) -> Result<Vec<Option<TcpStream>>> {
        let first = data.len();
        data.resize_with(self.layout.processes, || None);
        while let Some(missing) = data[first..].iter().position(Option::is_none) {
            let (mut socket, hello) = self.accept(listener, Purpose::Data, first + missing)?;
            let welcome = Answer::Welcome { addresses: Vec::new() };
            write_frame(&mut socket, &welcome).map_err(|error| lost(hello.index, &error))?;
            data[hello.index] = Some(socket);
        }
        Ok(data)
    }

    /// Waits for a process of this job. Strangers are told why they are refused, and forgotten.
    fn accept(&self, listener: &TcpListener, purpose: Purpose, missing: usize) -> Result<(TcpStream, Hello)> {
        let failed = |error: std::io::Error| Error::failure(format!("connections can't be accepted: {error}"));
        listener.set_nonblocking(true).map_err(failed)?;
        loop {
            match listener.accept() {
                Ok((socket, _)) => match self.check(socket, purpose)? {
                    Some(peer) => return Ok(peer),
                    None => continue,
                },
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => return Err(failed(error)),
            }
            if let Some(ended) = self.layout.ended.as_ref().and_then(|ended| ended()) {
                return Err(Error::failure(format!("process {ended} has ended before it joined the job"))
                    .hint("It was killed, or has failed to start: see its output."));
            }
            if now() > self.deadline {
                let waited = self.layout.connect_timeout.as_secs_f32();
                return Err(Error::failure(format!("process {missing} has not joined the job within {waited} s"))
                    .hint("It may have failed to start: see its output."));
            }
            pause(Duration::from_millis(2));
        }
    }

    /// Reads a greeting. An error where it comes from this very job and yet does not fit.
    fn check(&self, mut socket: TcpStream, purpose: Purpose) -> Result<Option<(TcpStream, Hello)>> {
        let prepared = socket
            .set_nonblocking(false)
            .and_then(|()| socket.set_nodelay(true))
            .and_then(|()| socket.set_read_timeout(Some(GREETING_TIMEOUT)));
        let hello = prepared.and_then(|()| read_frame::<Hello>(&mut socket, LONGEST_GREETING));
        let Ok(hello) = hello else { return Ok(None) };
        let expected = self.hello(purpose, String::new());
        let stranger = if hello.protocol != expected.protocol {
            Some(format!("protocol {} was expected, not {}", expected.protocol, hello.protocol))
        } else if !same(&hello.token, &expected.token) {
            Some("the token is not this job's".to_owned())
        } else if hello.job_id != expected.job_id {
            Some(format!("this is the job {}, not {}", expected.job_id, hello.job_id))
        } else if hello.generation != expected.generation {
            Some(format!("this is generation {}, not {}", expected.generation, hello.generation))
        } else {
            None
        };
        if let Some(reason) = stranger {
            let _ = write_frame(&mut socket, &Answer::Refused(reason));
            return Ok(None);
        }
        let (ours, theirs) = (&expected, &hello);
        let reason = if theirs.plan_fingerprint != ours.plan_fingerprint {
            Some("it runs another plan".to_owned())
        } else if (theirs.processes, theirs.parallelism) != (ours.processes, ours.parallelism) {
            Some(format!(
                "it was started with {} processes and parallelism {}, process {} with {} and {}",
                theirs.processes, theirs.parallelism, self.layout.index, ours.processes, ours.parallelism
            ))
        } else if theirs.index <= self.layout.index || theirs.index >= ours.processes || theirs.purpose != purpose {
            Some("two processes have the same number".to_owned())
        } else {
            None
        };
        if let Some(reason) = reason {
            let reason = format!("process {} can't join the job: {reason}", hello.index);
            let _ = write_frame(&mut socket, &Answer::Refused(reason.clone()));
            return Err(Error::failure(reason));
        }
        socket.set_read_timeout(None).map_err(|error| lost(hello.index, &error))?;
        Ok(Some((socket, hello)))
    }

    /// Connects to a process and waits for its answer.
    fn greet(&self, index: usize, address: &str, purpose: Purpose, own: String) -> Result<(TcpStream, Vec<String>)> {
        let mut socket = loop {
            match TcpStream::connect(address) {
                Ok(socket) => break socket,
                Err(error) if now() > self.deadline => {
                    return Err(Error::failure(format!("process {index} can't be reached at {address}: {error}")));
                }
                // It may not listen yet.
                Err(_) => pause(Duration::from_millis(20)),
            }
        };
        let left = self.deadline.saturating_duration_since(now()).max(Duration::from_millis(100));
        let answer = socket
            .set_nodelay(true)
            .and_then(|()| socket.set_read_timeout(Some(left)))
            .and_then(|()| write_frame(&mut socket, &self.hello(purpose, own)))
            .and_then(|()| read_frame::<Answer>(&mut socket, LONGEST_GREETING))
            .map_err(|error| lost(index, &error))?;
        match answer {
            Answer::Refused(reason) => {
                Err(Error::failure(format!("process {index} refuses process {}: {reason}", self.layout.index)))
            }
            Answer::Welcome { addresses } => {
                socket.set_read_timeout(None).map_err(|error| lost(index, &error))?;
                Ok((socket, addresses))
            }
        }
    }
}

fn lost(index: usize, error: &std::io::Error) -> Error {
    Error::failure(format!("the connection to process {index} was lost while the job was starting: {error}"))
}

fn listen(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        Error::failure(format!("can't listen at {address}: {error}")).hint("Another process may be using the port.")
    })
}

/// Compares without telling by its duration how much was right.
fn same(left: &str, right: &str) -> bool {
    left.len() == right.len() && left.bytes().zip(right.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[allow(clippy::disallowed_methods, reason = "waiting for a peer to start, before there is anything to be woken by")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests;

//! Records of one split: read in chunks, framed, decoded.

use super::compression::{Compression, Content, is_compressed};
use super::io_error;
use super::split::{Split, SplitState};
use crate::connector::OnError;
use crate::dead_letter::DeadLetters;
use riverrun_core::metrics::OperatorMetrics;
use riverrun_core::{Error, Result, RowBatch};
use riverrun_formats::{Decoder, Framer};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// How much is read from a file at once.
pub const CHUNK: usize = 256 << 10;
/// How much of a compressed file is thrown away in one turn on the way to an offset.
const SKIP_PER_TURN: u64 = 8 << 20;
/// How much of a record that is too long goes to the dead letters.
const SHOWN_OF_LONG: usize = 1 << 10;

/// What becomes of broken records.
pub struct Broken {
    /// The policy.
    pub policy: OnError,
    /// The table's name.
    pub table: String,
    /// Records on their way to the dead-letter table.
    pub letters: DeadLetters,
    /// Where they are counted.
    pub metrics: Arc<OperatorMetrics>,
}

impl Broken {
    fn take(&mut self, raw: &[u8], reason: &str, path: &str, offset: u64) -> Result<()> {
        match &self.policy {
            OnError::Fail => {
                let line = line_of(path, offset).map(|line| format!(", line {line}")).unwrap_or_default();
                Err(Error::failure(format!(
                    "table {}: broken record in {path}{line}, byte {offset}: {reason}",
                    self.table
                ))
                .hint("set the table's option 'on-error' to 'skip' or to the name of a dead-letter table to go on"))
            }
            OnError::Skip => {
                self.metrics.skipped.add(1);
                Ok(())
            }
            OnError::Table(_) => {
                self.metrics.dead.add(1);
                self.letters.push(raw, reason, path, offset as i64);
                Ok(())
            }
        }
    }
}

/// The line that begins at or around an offset; looked up only for a message.
fn line_of(path: &str, offset: u64) -> Option<u64> {
    if is_compressed(path) {
        return None;
    }
    let mut file = std::fs::File::open(path).ok()?.take(offset);
    let mut buffer = vec![0; CHUNK];
    let mut lines = 1;
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(lines),
            read => lines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64,
        }
    }
}

/// Where a reader stands after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more.
    More,
    /// All that is there has been read; a file that grows may have more later.
    End,
}

/// Reads the records of one split.
pub struct RecordReader {
    split: Split,
    content: Content,
    framer: Box<dyn Framer>,
    decoder: Box<dyn Decoder>,
    max_record: usize,
    batch_size: usize,
    /// Bytes that were read; those before `start` have been used.
    buffer: Vec<u8>,
    start: usize,
    /// The offset in the file of the byte at `start`.
    offset: u64,
    /// Bytes to throw away first, where a file can't be entered at an offset.
    skip: u64,
    /// Whether the rest of a line comes first, which belongs to the range before.
    find_start: bool,
    /// Whether a record that was too long is being passed over up to its newline.
    passing: bool,
    /// Whether the file may still grow: what has no newline yet is no record.
    growing: bool,
    ended: bool,
}

/// What a [`RecordReader`] is made of.
pub struct Reading {
    /// Finds records.
    pub framer: Box<dyn Framer>,
    /// Decodes them.
    pub decoder: Box<dyn Decoder>,
    /// The longest record in bytes.
    pub max_record: usize,
    /// The rows of a batch.
    pub batch_size: usize,
}

impl RecordReader {
    /// Opens a split, at its beginning or where it stood. A compressed file does not grow, even if others do.
    pub fn open(split: Split, state: Option<&SplitState>, reading: Reading, growing: bool) -> Result<RecordReader> {
        let path = Path::new(&*split.file.path);
        let compression = Compression::of(&split.file.path);
        let mut content = Content::open(path, compression).map_err(|error| io_error("read", path, &error))?;
        let unread = RecordReader::unread(&split);
        let SplitState { offset, begun, .. } = *state.unwrap_or(&unread);
        let length = content.length().map_err(|error| io_error("read", path, &error))?;
        if let Some(length) = length.filter(|length| *length < offset && offset > unread.offset && !growing) {
            return Err(Error::failure(format!("'{}' is shorter than it was", path.display()))
                .detail(format!("{offset} bytes of it were read before the checkpoint, and it has {length}"))
                .hint("put the file back as it was, or start with another --state-dir"));
        }
        let entered = content.seek(offset).map_err(|error| io_error("read", path, &error))?;
        Ok(RecordReader {
            content,
            framer: reading.framer,
            decoder: reading.decoder,
            max_record: reading.max_record,
            batch_size: reading.batch_size,
            buffer: Vec::new(),
            start: 0,
            offset,
            skip: if entered { 0 } else { offset },
            find_start: !begun,
            passing: false,
            growing: growing && compression == Compression::None,
            ended: false,
            split,
        })
    }

    /// The state of a split of which nothing has been read.
    pub fn unread(split: &Split) -> SplitState {
        SplitState {
            id: split.id.to_string(),
            path: split.file.path.to_string(),
            start: split.start,
            end: split.end,
            // A line that begins exactly at the start of a range is its first: so look for the newline before it.
            offset: split.start.saturating_sub(1),
            begun: split.start == 0,
            finished: false,
            inode: None,
            made: None,
        }
    }

    /// The split that is read.
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// The offset behind the last byte that was read from the file.
    pub fn position(&self) -> u64 {
        self.offset + (self.buffer.len() - self.start) as u64
    }

    /// The file that is read.
    pub fn file(&self) -> &std::fs::File {
        self.content.file()
    }

    /// Whether the file may still grow.
    pub fn is_growing(&self) -> bool {
        self.growing
    }

    /// Says that the file will not grow any more: what is left without a newline is a record.
    pub fn stop_growing(&mut self) {
        self.growing = false;
        self.ended = false;
    }

    /// Starts again at the beginning of a file that was cut.
    pub fn rewind(&mut self) -> Result<()> {
        self.content.seek(0).map_err(|error| io_error("read", Path::new(&*self.split.file.path), &error))?;
        self.buffer.clear();
        (self.start, self.offset, self.skip) = (0, 0, 0);
        (self.find_start, self.passing, self.ended) = (false, false, false);
        self.framer.reset();
        Ok(())
    }

    /// Where the split stands: in front of the first record that has not been decoded.
    pub fn state(&self, finished: bool, inode: Option<u64>) -> SplitState {
        SplitState {
            offset: self.offset,
            // In the midst of a record that is passed over: the rest of a line comes first after a restore too.
            begun: !self.find_start && !self.passing,
            finished,
            inode,
            ..RecordReader::unread(&self.split)
        }
    }

    /// Reads on until a batch is full or the end has come.
    pub fn read(&mut self, broken: &mut Broken) -> Result<(Option<RowBatch>, Progress)> {
        let mut progress = Progress::More;
        let mut chunks = 0;
        while self.decoder.rows() < self.batch_size && !self.decoder.is_full() {
            match self.step(broken)? {
                Step::Record => {}
                Step::End => {
                    progress = Progress::End;
                    break;
                }
                Step::Read => {
                    chunks += 1;
                    // Without rows, as in a file of blank lines, a turn must end too.
                    if chunks >= 16 {
                        break;
                    }
                }
                Step::Turn => break,
            }
        }
        broken.metrics.skipped.add(self.decoder.take_skipped());
        let batch = if self.decoder.rows() > 0 { Some(self.decoder.flush()?) } else { None };
        Ok((batch, progress))
    }

    #[inline]
    fn step(&mut self, broken: &mut Broken) -> Result<Step> {
        if self.skip > 0 {
            return self.throw_away();
        }
        if self.find_start || self.passing {
            return self.pass_line();
        }
        if self.split.end.is_some_and(|end| self.offset >= end) {
            return Ok(Step::End);
        }
        let rest = &self.buffer[self.start..];
        match self.framer.next(rest, self.ended && !self.growing) {
            Some((content, next)) => {
                let record = &rest[..content];
                if content > self.max_record {
                    let reason = self.too_long();
                    let raw = &self.buffer[self.start..][..SHOWN_OF_LONG.min(content)];
                    broken.take(raw, &reason, &self.split.file.path, self.offset)?;
                } else if let Err(error) = self.decoder.decode(record) {
                    broken.take(record, &error.reason, &self.split.file.path, self.offset)?;
                }
                self.start += next;
                self.offset += next as u64;
                Ok(Step::Record)
            }
            None if self.ended => {
                // A file that grows is looked at again in a later turn.
                self.ended = !self.growing;
                Ok(Step::End)
            }
            None if rest.len() > self.max_record + 1 => {
                let reason = self.too_long();
                let raw = &self.buffer[self.start..][..SHOWN_OF_LONG.min(rest.len())];
                broken.take(raw, &reason, &self.split.file.path, self.offset)?;
                self.framer.reset();
                self.passing = true;
                Ok(Step::Record)
            }
            None => self.fill(),
        }
    }

    fn too_long(&self) -> String {
        format!("the record is longer than {} bytes (scan.max-record-size)", self.max_record)
    }

    /// Passes what is left of a line.
    fn pass_line(&mut self) -> Result<Step> {
        let rest = &self.buffer[self.start..];
        let newline = memchr::memchr(b'\n', rest);
        let passed = newline.map_or(rest.len(), |at| at + 1);
        self.start += passed;
        self.offset += passed as u64;
        if newline.is_some() {
            (self.find_start, self.passing) = (false, false);
            return Ok(Step::Record);
        }
        if self.ended {
            self.ended = !self.growing;
            return Ok(Step::End);
        }
        self.fill()
    }

    /// Reads and forgets what comes before the offset in a compressed file.
    fn throw_away(&mut self) -> Result<Step> {
        let wanted = self.skip.min(SKIP_PER_TURN);
        let read = std::io::copy(&mut (&mut self.content).take(wanted), &mut std::io::sink())
            .map_err(|error| self.unreadable(&error))?;
        self.skip = if read == 0 { 0 } else { self.skip - read };
        Ok(Step::Turn)
    }

    fn fill(&mut self) -> Result<Step> {
        if self.start > 0 {
            self.buffer.copy_within(self.start.., 0);
            self.buffer.truncate(self.buffer.len() - self.start);
            self.start = 0;
        }
        let have = self.buffer.len();
        self.buffer.resize(have + CHUNK, 0);
        let read = loop {
            match self.content.read(&mut self.buffer[have..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                self.buffer.truncate(have);
                return Err(self.unreadable(&error));
            }
        };
        self.buffer.truncate(have + read);
        self.ended = read == 0;
        Ok(Step::Read)
    }

    fn unreadable(&self, error: &std::io::Error) -> Error {
        let path = Path::new(&*self.split.file.path);
        let wrong = io_error("read", path, error);
        match Compression::of(&self.split.file.path) {
            Compression::None => wrong,
            _ => wrong.hint("the file is cut off or damaged: its name says that it is compressed"),
        }
    }
}

enum Step {
    /// A record was read, or passed over.
    Record,
    /// Bytes were read.
    Read,
    /// A turn's work has been done.
    Turn,
    /// There is no more.
    End,
}

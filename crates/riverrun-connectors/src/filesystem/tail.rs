//! Files that are followed as they grow, as `tail -F` does: through rotation by renaming, truncation, and absence.
//!
//! A file is known by its number on its device, so one that was renamed is read to its end, and not again under its new
//! name. What stands after the last newline is no record until the newline comes, or the file is replaced.
//!
//! A compressed file does not grow. Those that are there when the table is first read are read whole; one that comes later
//! is what a rotation has made of a file that was followed, and is passed over.

use super::columns::Constants;
use super::compression::Compression;
use super::io_error;
use super::location::{self, FoundFile, Location};
use super::records::{Broken, Progress, RecordReader};
use super::source::Table;
use super::split::{ReaderState, Split, SplitState, worker_of};
use super::watch::Watcher;
use riverrun_core::{Error, Millis, Place, Result, RowBatch};
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState, SplitId};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;

/// Sees that there is, or can be, something to follow.
pub fn check(location: &Location, table: &str, place: Option<Place>) -> Result<()> {
    let Some(path) = location.path() else { return Ok(()) };
    let folder = location::parent(path);
    if path.exists() || folder.is_dir() {
        return Ok(());
    }
    Err(Error::input(format!(
        "table {table}: there is no folder {} in which {} could appear",
        folder.display(),
        path.display()
    ))
    .hint("create it, or change option 'path'")
    .at(place))
}

/// A file that is followed.
struct Followed {
    reader: RecordReader,
    constants: Constants,
    inode: u64,
}

impl Followed {
    /// How many bytes the file has now, under whatever name.
    fn length(&self) -> std::io::Result<u64> {
        Ok(self.reader.file().metadata()?.len())
    }
}

/// Follows one worker's files.
pub struct TailReader {
    table: Arc<Table>,
    context: SourceContext,
    broken: Broken,
    watcher: Option<Watcher>,
    /// By path, which names the split: the file that is read, then those that have taken its place since. These are open
    /// already, so that the next rotation can't take them away.
    files: BTreeMap<String, VecDeque<Followed>>,
    /// The numbers of the files that are read, or were read and are still there under another name.
    inodes: HashSet<u64>,
    /// Files of an earlier run that have not been found yet, and compressed ones of which nothing has been read.
    restored: BTreeMap<String, SplitState>,
    /// Whether it is known which compressed files are to be read.
    begun: bool,
    /// The numbers of compressed files that have been begun, or are passed over.
    passed: HashSet<u64>,
    /// Whether it was said that some are.
    noted: bool,
    /// Whether this is the first look: only then does `latest-offset` mean the end of a file.
    first_look: bool,
    /// When to look for new files even if nothing was heard of any.
    next_look: Millis,
    /// The file to begin with, so that a busy one does not keep the others waiting.
    turn: usize,
}

impl TailReader {
    /// Follows the files of `table` that fall to this worker.
    pub fn new(table: Arc<Table>, context: SourceContext) -> TailReader {
        TailReader {
            broken: table.broken(&context),
            table,
            context,
            watcher: None,
            files: BTreeMap::new(),
            inodes: HashSet::new(),
            restored: BTreeMap::new(),
            begun: false,
            passed: HashSet::new(),
            noted: false,
            first_look: true,
            next_look: Millis(i64::MIN),
            turn: 0,
        }
    }

    /// Finds files that have come, been renamed or replaced.
    fn look(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<()> {
        if let Some(watcher) = &mut self.watcher {
            watcher.watch(self.table.location.folders());
        }
        let found = self.found()?;
        self.begin(&found);
        let mut there = HashSet::new();
        for file in found {
            let Ok(metadata) = std::fs::metadata(&*file.path) else { continue };
            let inode = inode_of(&metadata);
            there.insert(inode);
            if Compression::of(&file.path) != Compression::None {
                self.read_whole(file, inode, out)?;
            } else if self.is_own(&file.path) && !self.inodes.contains(&inode) {
                self.follow(file, inode, out)?;
            }
        }
        self.passed.retain(|inode| there.contains(inode));
        // Numbers of files that are gone may be given to others.
        there.extend(self.files.values().flatten().map(|followed| followed.inode));
        self.inodes.retain(|inode| there.contains(inode));
        self.first_look = false;
        Ok(())
    }

    /// The files that are there.
    fn found(&self) -> Result<Vec<FoundFile>> {
        match self.table.location.path() {
            Some(path) if !path.is_dir() => Ok(self.table.location.look(path).into_iter().collect()),
            _ => self.table.location.list(),
        }
    }

    /// Whether this worker reads a file.
    fn is_own(&self, path: &str) -> bool {
        worker_of(path, self.context.parallelism) == self.context.worker
    }

    /// When the table is first read: decides which compressed files are.
    fn begin(&mut self, found: &[FoundFile]) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        for file in found {
            let Some(original) = Compression::original(&file.path) else { continue };
            let Ok(metadata) = std::fs::metadata(&*file.path) else { continue };
            let inode = inode_of(&metadata);
            // Being compressed just now: what stands in it is read from the original.
            let is_double = found.iter().any(|other| *other.path == *original);
            if is_double || self.table.from_end {
                self.passed.insert(inode);
            } else if self.is_own(&file.path) {
                let unread = RecordReader::unread(&Split::whole(file.clone()));
                self.restored.insert(file.path.to_string(), SplitState { inode: Some(inode), ..unread });
            }
        }
    }

    /// Begins with a compressed file if it is one of those that are read.
    fn read_whole(&mut self, file: FoundFile, inode: u64, out: &mut SourceOutput<RowBatch>) -> Result<()> {
        if !self.passed.insert(inode) {
            return Ok(());
        }
        // By its number, for it may have been renamed since.
        let waiting = self.restored.iter().find(|(_, state)| state.inode == Some(inode)).map(|(path, _)| path.clone());
        if let Some(state) = waiting.and_then(|path| self.restored.remove(&path)) {
            let split = Split { id: state.path.as_str().into(), ..Split::whole(file) };
            return self.open(split, Some(&state), out);
        }
        if self.is_own(&file.path) && !std::mem::replace(&mut self.noted, true) {
            tracing::warn!(
                "{} is passed over, as are all compressed files that were not there at the start: what stands in them is taken \
                 to have been read before they were compressed",
                file.path
            );
        }
        Ok(())
    }

    /// Begins with a file, or lets it wait behind the one whose place it has taken.
    fn follow(&mut self, file: FoundFile, inode: u64, out: &mut SourceOutput<RowBatch>) -> Result<()> {
        let path = file.path.to_string();
        let mut state = self.restored.remove(&path);
        let split = Split::whole(file);
        if let Some(old) = state.take_if(|state| state.inode != Some(inode)) {
            // Rotated away while nobody looked: what is left of it comes first.
            match old.inode.and_then(|inode| find_by_inode(Path::new(&path), inode)) {
                Some(renamed) => {
                    let file = Arc::new(FoundFile { path: renamed.into(), ..(*split.file).clone() });
                    self.open(Split { file, ..split.clone() }, Some(&old), out)?;
                }
                None => tracing::warn!("{path} is another file than before, and the old one is gone"),
            }
        }
        if state.is_none() && self.first_look && self.table.from_end {
            state = Some(SplitState {
                id: path.clone(),
                path,
                start: 0,
                end: None,
                // Before the last newline, so that a line that is being written is not taken by its second half.
                offset: split.file.size.saturating_sub(1),
                begun: split.file.size == 0,
                finished: false,
                inode: Some(inode),
            });
        }
        // A file that is shorter than it was has been written anew.
        let state = state.filter(|state| state.offset <= split.file.size);
        self.open(split, state.as_ref(), out)
    }

    fn open(&mut self, split: Split, state: Option<&SplitState>, out: &mut SourceOutput<RowBatch>) -> Result<()> {
        let constants = self.table.layout.constants(&split.file)?;
        let path = Arc::clone(&split.file.path);
        let id: SplitId = Arc::clone(&split.id);
        let reader = match self.table.records(split, state, true) {
            Ok(reader) => reader,
            // Gone again between the look and the opening.
            Err(_) if !Path::new(&*path).exists() => return Ok(()),
            Err(error) => return Err(error),
        };
        // The number of what was opened, which may be another file than the one that was looked at.
        let metadata = reader.file().metadata().map_err(|error| io_error("read", Path::new(&*path), &error))?;
        let inode = inode_of(&metadata);
        if reader.is_growing() {
            self.inodes.insert(inode);
        }
        if !self.files.contains_key(&*id) {
            out.open_split(Arc::clone(&id));
        }
        self.files.entry(id.to_string()).or_default().push_back(Followed { reader, constants, inode });
        Ok(())
    }

    /// Reads on in the files, beginning with another one each time. Whether there may be more.
    fn read(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<bool> {
        let count = self.files.len();
        self.turn = if count == 0 { 0 } else { (self.turn + 1) % count };
        let mut rows = 0;
        let mut ended: Vec<String> = Vec::new();
        for index in (self.turn..count).chain(0..self.turn) {
            let Some((path, files)) = self.files.iter_mut().nth(index) else { continue };
            rows += read_one(&self.table, &self.context, &mut self.broken, path, files, out)?;
            if files.is_empty() {
                ended.push(path.clone());
            }
            if rows >= self.table.batch_size {
                break;
            }
        }
        for path in ended {
            self.files.remove(&path);
            out.finish_split(path.into());
        }
        Ok(rows > 0)
    }
}

/// Reads on in the file at the head of `files`; how many rows have come. A compressed file that has ended is taken away.
fn read_one(
    table: &Table,
    context: &SourceContext,
    broken: &mut Broken,
    path: &str,
    files: &mut VecDeque<Followed>,
    out: &mut SourceOutput<RowBatch>,
) -> Result<usize> {
    // Whoever writes goes on with the old file until it opens the new one: only then is the old one at its end.
    let replaced = files.len() > 2 || files.get(1).is_some_and(|next| next.length().is_ok_and(|length| length > 0));
    let Some(followed) = files.front_mut() else { return Ok(0) };
    let mut rows = 0;
    let mut turn =
        |followed: &mut Followed, broken: &mut Broken, out: &mut SourceOutput<RowBatch>| -> Result<Progress> {
            let before = followed.reader.position();
            let (batch, progress) = followed.reader.read(broken)?;
            context.metrics.bytes.add(followed.reader.position().saturating_sub(before));
            if let Some(batch) = batch {
                rows += batch.num_rows();
                out.emit(path.into(), table.layout.assemble(batch, &followed.constants)?);
            }
            Ok(progress)
        };
    if turn(followed, broken, out)? == Progress::More {
        return Ok(rows.max(1));
    }
    if !followed.reader.is_growing() {
        files.pop_front();
        return Ok(rows.max(1));
    }
    // At the end: cut short, replaced, or waiting for more.
    let length = followed.length().map_err(|error| io_error("read", Path::new(path), &error))?;
    if length < followed.reader.position() {
        tracing::info!("{path} was cut to {length} bytes: it is read from its beginning");
        followed.reader.rewind()?;
        return Ok(rows.max(1));
    }
    if replaced {
        // Nobody appends to it any more: its last line needs no newline.
        followed.reader.stop_growing();
        while turn(followed, broken, out)? == Progress::More {}
        files.pop_front();
        return Ok(rows.max(1));
    }
    Ok(rows)
}

impl SourceReader<RowBatch> for TailReader {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        let waker = &self.context.waker;
        let watcher = self.watcher.get_or_insert_with(|| Watcher::new(Arc::clone(waker)));
        let patience = watcher.patience();
        let now = self.context.clock.now();
        if watcher.take_names_changed() || self.first_look || now >= self.next_look {
            self.next_look = Millis(now.0 + patience.as_millis() as i64);
            self.look(out)?;
        }
        let more = self.read(out)?;
        if !self.broken.letters.is_empty() {
            out.reject(self.broken.letters.flush()?);
        }
        Ok(if more { SourceState::Ready } else { SourceState::Idle(Some(patience)) })
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        // A checkpoint can come before the first look.
        if !self.begun {
            self.begin(&self.found()?);
        }
        let followed = self.files.iter().filter_map(|(path, files)| Some((path, files.front()?)));
        let mut splits: Vec<SplitState> = followed
            // The split keeps its name while its file may have another.
            .map(|(path, file)| SplitState { path: path.clone(), ..file.reader.state(false, Some(file.inode)) })
            .collect();
        splits.extend(self.restored.values().cloned());
        Ok(OperatorSnapshot { union: vec![ReaderState { splits }.encode()?], ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.first_look &= state.union.is_empty();
        self.begun |= !state.union.is_empty();
        for split in ReaderState::merge(&state)? {
            if worker_of(&split.path, self.context.parallelism) == self.context.worker {
                self.restored.insert(split.path.clone(), split);
            }
        }
        Ok(())
    }
}

/// The file beside `path` that has this number: where a rotation has put it.
fn find_by_inode(path: &Path, inode: u64) -> Option<String> {
    let entries = std::fs::read_dir(location::parent(path)).ok()?;
    let found = entries
        .flatten()
        .find(|entry| entry.metadata().is_ok_and(|metadata| metadata.is_file() && inode_of(&metadata) == inode))?;
    Some(location::absolute(&found.path()))
}

#[cfg(unix)]
fn inode_of(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// Without numbers a file is known by when it was made.
#[cfg(not(unix))]
fn inode_of(metadata: &Metadata) -> u64 {
    let made = metadata.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    made.map_or(0, |made| made.as_nanos() as u64)
}

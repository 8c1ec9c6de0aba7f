//! Files that are followed as they grow, as `tail -F` does: through rotation by renaming, truncation, and absence.
//!
//! A file is known by its number on its device, so one that was renamed is read to its end, and not again under its new
//! name. The number also decides which worker reads it, so that all agree on that under whatever name each of them finds
//! it; and what has been read to its end is in the snapshots as long as it is there. What stands after the last newline is no record until the newline comes, or the file is replaced.
//!
//! A compressed file does not grow. Those that are there when the table is first read are read whole; one that comes later
//! is what a rotation has made of a file that was followed, and is passed over.

mod earlier;

use super::columns::Constants;
use super::compression::{Compression, is_compressed};
use super::file_id::FileId;
use super::io_error;
use super::location::{self, FoundFile, Location};
use super::records::{Broken, Progress, RecordReader};
use super::source::Table;
use super::split::{ReaderState, Split, SplitState, worker_of};
use super::watch::Watcher;
pub use earlier::gone;
use earlier::renamed;
use riverrun_core::{Error, Millis, Place, Result, RowBatch};
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState, SplitId};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
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

/// Where the reading of a file begins that no earlier run knows.
fn unread(file: &FoundFile) -> SplitState {
    let state = RecordReader::unread(&Split::whole(file.clone()));
    SplitState { inode: Some(file.id.inode), made: file.id.made, ..state }
}

/// A file that is followed.
struct Followed {
    reader: RecordReader,
    constants: Constants,
    file: FileId,
    /// Where it was found first; it may have another name since.
    path: String,
    /// Whether another file has that path now.
    displaced: bool,
}

impl Followed {
    /// How many bytes the file has now, under whatever name.
    fn length(&self) -> std::io::Result<u64> {
        Ok(self.reader.file().metadata()?.len())
    }

    /// Whether something stands in the file that has its path now.
    fn is_replaced(&self) -> bool {
        self.displaced && std::fs::metadata(&self.path).is_ok_and(|now| now.len() > 0 && FileId::of(&now) != self.file)
    }

    fn state(&self, split: &str, finished: bool) -> SplitState {
        SplitState {
            id: split.to_owned(),
            path: self.path.clone(),
            made: self.file.made,
            ..self.reader.state(finished, Some(self.file.inode))
        }
    }
}

/// A file that is not read any more, or not at all.
struct Done {
    state: SplitState,
    /// Whether the last look has not found it, as happens when it is renamed meanwhile.
    missed: bool,
}

/// Files that are not read any more.
type DoneFiles = HashMap<FileId, Done>;

/// Follows one worker's files.
pub struct TailReader {
    table: Arc<Table>,
    context: SourceContext,
    broken: Broken,
    watcher: Option<Watcher>,
    /// The worker that reads all files, where it does not depend on the file: those that take one path, one after another,
    /// are read in this order.
    only: Option<usize>,
    /// By split: the file that is read, then those that have taken its place since. These are open already, so that the
    /// next rotation can't take them away.
    files: BTreeMap<String, VecDeque<Followed>>,
    /// Which files these are.
    open: HashSet<FileId>,
    /// Those that were read to their ends and are still there, and compressed ones that are passed over.
    done: DoneFiles,
    /// Files of an earlier run that have not been found yet, and compressed ones of which nothing has been read.
    restored: Vec<SplitState>,
    /// The paths of files that were renamed during this look: those that follow on them wait for the next one.
    moved: HashSet<String>,
    /// Whether it is known which compressed files are to be read.
    begun: bool,
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
        let only = match table.location.path().filter(|path| !path.is_dir()) {
            Some(path) => Some(worker_of(&location::absolute(path), context.parallelism)),
            None => (context.parallelism <= 1).then_some(0),
        };
        TailReader {
            broken: table.broken(&context),
            table,
            context,
            watcher: None,
            only,
            files: BTreeMap::new(),
            open: HashSet::new(),
            done: HashMap::new(),
            restored: Vec::new(),
            moved: HashSet::new(),
            begun: false,
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
        self.moved.clear();
        self.begin(&found);
        self.resume(&found, out)?;
        for file in &found {
            if !self.is_own(file.id.inode) || self.is_known(&file.id) || self.moved.contains(&*file.path) {
                continue;
            }
            if is_compressed(&file.path) {
                self.pass_over(file);
            } else {
                self.follow(file, out)?;
            }
        }
        self.note_names(&found);
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

    /// Whether this worker reads the file of that number. The device has no say: processes may know it by different numbers.
    fn is_own(&self, inode: u64) -> bool {
        let worker = self.only.unwrap_or_else(|| worker_of(&inode.to_string(), self.context.parallelism));
        worker == self.context.worker
    }

    /// Whether a file is read, or is not to be read any more.
    fn is_known(&self, id: &FileId) -> bool {
        self.open.contains(id) || self.done.contains_key(id)
    }

    /// When the table is first read: decides which compressed files are.
    fn begin(&mut self, found: &[FoundFile]) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        for file in found {
            let own = self.is_own(file.id.inode);
            let Some(original) = Compression::original(&file.path).filter(|_| own) else { continue };
            let state = unread(file);
            // Being compressed just now: what stands in it is read from the original.
            let is_double = found.iter().any(|other| *other.path == *original);
            if is_double || self.table.from_end {
                self.done.insert(file.id, Done { state: SplitState { finished: true, ..state }, missed: false });
            } else {
                self.restored.push(state);
            }
        }
    }

    /// Goes on with the files of an earlier run, by their numbers, for they may have been renamed since; and begins with
    /// compressed ones.
    fn resume(&mut self, found: &[FoundFile], out: &mut SourceOutput<RowBatch>) -> Result<()> {
        for mut state in std::mem::take(&mut self.restored) {
            if self.moved.contains(&state.path) {
                self.restored.push(state);
                continue;
            }
            let here = found.iter().find(|file| file.id.is_of(&state, &file.path) && !self.is_known(&file.id));
            if let Some(file) = here {
                // A file that is shorter than it was has been written anew.
                let anew = !is_compressed(&file.path) && file.size < state.offset;
                if !state.finished {
                    if anew {
                        (state.offset, state.begun) = (0, true);
                    }
                    self.open(file, state, out)?;
                } else if !anew {
                    self.done.insert(file.id, Done { state, missed: false });
                }
            } else if state.finished {
                // It has been removed.
            } else if found.iter().any(|file| *file.path == *state.path) {
                // Rotated away while nobody looked: what is left of it comes first.
                match renamed(&state).and_then(|path| self.table.location.look(Path::new(&path))) {
                    Some(file) if self.is_known(&file.id) => {}
                    Some(file) => self.open(&file, state, out)?,
                    None => tracing::warn!("{}", gone(&state)),
                }
            } else {
                self.restored.push(state);
            }
        }
        Ok(())
    }

    /// Remembers that a compressed file is not read.
    fn pass_over(&mut self, file: &FoundFile) {
        let state = SplitState { finished: true, ..unread(file) };
        self.done.insert(file.id, Done { state, missed: false });
        if !std::mem::replace(&mut self.noted, true) {
            tracing::warn!(
                "{} is passed over, as are all compressed files that were not there at the start: what stands in them is taken \
                 to have been read before they were compressed",
                file.path
            );
        }
    }

    /// Begins with a file, or lets it wait behind the one whose place it has taken.
    fn follow(&mut self, file: &FoundFile, out: &mut SourceOutput<RowBatch>) -> Result<()> {
        let mut state = unread(file);
        if self.only.is_none() {
            // The file that had the path before may be read by another worker: they are different splits.
            state.id = format!("{}#{}", file.path, file.id.inode);
        } else if let Some((split, _)) =
            self.files.iter().find(|(_, files)| files.iter().any(|it| it.path == state.path))
        {
            state.id.clone_from(split);
        }
        if self.first_look && self.table.from_end {
            // Before the last newline, so that a line that is being written is not taken by its second half.
            (state.offset, state.begun) = (file.size.saturating_sub(1), file.size == 0);
        }
        self.open(file, state, out)
    }

    /// Opens a file where `state` stands.
    fn open(&mut self, file: &FoundFile, state: SplitState, out: &mut SourceOutput<RowBatch>) -> Result<()> {
        let id = file.id;
        let constants = self.table.layout.constants(file)?;
        let split: SplitId = state.id.as_str().into();
        let whole = Split { id: Arc::clone(&split), ..Split::whole(file.clone()) };
        let path = Path::new(&*file.path);
        let reader = match self.table.records(whole, Some(&state), true) {
            Ok(reader) => reader,
            Err(_) if FileId::at(&file.path) != Some(id) => {
                self.look_again(state);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let metadata = reader.file().metadata().map_err(|error| io_error("read", path, &error))?;
        // Renamed between the look and the opening. Some file systems give an open file another number than its path has.
        if FileId::of(&metadata) != id && FileId::at(&file.path) != Some(id) {
            self.look_again(state);
            return Ok(());
        }
        self.open.insert(id);
        if !self.files.contains_key(&*split) {
            out.open_split(split);
        }
        let followed = Followed { reader, constants, file: id, path: state.path, displaced: false };
        self.files.entry(state.id).or_default().push_back(followed);
        Ok(())
    }

    /// Leaves a file that could not be opened under the name it was found by to the next look, which is to come soon.
    fn look_again(&mut self, state: SplitState) {
        self.next_look = Millis(i64::MIN);
        self.moved.insert(state.path.clone());
        self.restored.push(state);
    }

    /// Sees which files have other names now, and forgets those that are gone.
    fn note_names(&mut self, found: &[FoundFile]) {
        let names: HashMap<&str, FileId> = found.iter().map(|file| (&*file.path, file.id)).collect();
        for (split, files) in &mut self.files {
            for followed in files {
                // In a split with the name of its path the file that takes its place waits behind it.
                let waits = self.only.is_some() && *split == followed.path;
                followed.displaced = !waits && names.get(&*followed.path).is_some_and(|id| *id != followed.file);
            }
        }
        for file in found {
            if let Some(done) = self.done.get_mut(&file.id) {
                done.missed = false;
                if done.state.path != *file.path {
                    done.state.path = file.path.to_string();
                }
            }
        }
        let there: HashSet<FileId> = names.into_values().collect();
        self.done.retain(|id, done| there.contains(id) || !std::mem::replace(&mut done.missed, true));
        self.open = self.files.values().flatten().map(|followed| followed.file).collect();
    }

    /// Reads on in the files, beginning with another one each time. Whether there may be more.
    fn read(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<bool> {
        let count = self.files.len();
        self.turn = if count == 0 { 0 } else { (self.turn + 1) % count };
        let mut rows = 0;
        let mut ended: Vec<String> = Vec::new();
        for index in (self.turn..count).chain(0..self.turn) {
            let Some((path, files)) = self.files.iter_mut().nth(index) else { continue };
            rows += read_one(&self.table, &self.context, &mut self.broken, path, files, &mut self.done, out)?;
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

/// Reads on in the file at the head of `files`; how many rows have come. One that has ended goes to those that are `done`.
fn read_one(
    table: &Table,
    context: &SourceContext,
    broken: &mut Broken,
    path: &str,
    files: &mut VecDeque<Followed>,
    done: &mut DoneFiles,
    out: &mut SourceOutput<RowBatch>,
) -> Result<usize> {
    // Whoever writes goes on with the old file until it opens the new one: only then is the old one at its end.
    let replaced = files.len() > 2 || files.get(1).is_some_and(|next| next.length().is_ok_and(|length| length > 0));
    let mut end = |files: &mut VecDeque<Followed>| {
        let ended = files.pop_front().map(|it| (it.file, Done { state: it.state(path, true), missed: false }));
        done.extend(ended);
    };
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
        end(files);
        return Ok(rows.max(1));
    }
    // At the end: cut short, replaced, or waiting for more.
    let length = followed.length().map_err(|error| io_error("read", Path::new(path), &error))?;
    if length < followed.reader.position() {
        tracing::info!("{path} was cut to {length} bytes: it is read from its beginning");
        followed.reader.rewind()?;
        return Ok(rows.max(1));
    }
    if replaced || followed.is_replaced() {
        // Nobody appends to it any more: its last line needs no newline.
        followed.reader.stop_growing();
        while turn(followed, broken, out)? == Progress::More {}
        end(files);
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
        let followed = self.files.iter().flat_map(|(split, files)| files.iter().map(|file| file.state(split, false)));
        let mut splits: Vec<SplitState> = followed.collect();
        splits.extend(self.done.values().map(|done| done.state.clone()));
        splits.extend(self.restored.iter().cloned());
        // Files that had one path, one after another, keep their order.
        splits.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(OperatorSnapshot { union: vec![ReaderState { splits }.encode()?], ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.first_look &= state.union.is_empty();
        self.begun |= !state.union.is_empty();
        for split in ReaderState::merge(&state)? {
            let own = match split.inode {
                Some(inode) => self.is_own(inode),
                None => worker_of(&split.path, self.context.parallelism) == self.context.worker,
            };
            if own {
                self.restored.push(split);
            }
        }
        Ok(())
    }
}

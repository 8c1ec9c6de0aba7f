//! Partitions as bytes: their rows once, and the open matches as paths over them. Before a partition stands its key in the blobs of the key
//! groups, and nothing in the log.

use super::{MatchRecognize, Partition, Partitions, Row};
use crate::expression::from_datafusion;
use crate::pattern::{Matcher, Node, Opened};
use arrow::array::ArrayRef;
use datafusion_common::ScalarValue;
use riverrun_core::{Error, Result};
use riverrun_state::blob::{BlobReader, put_bytes, put_i64, put_u32};
use riverrun_state::tier::{EncodeSlots, PutValue};
use riverrun_state::{KeyEncoder, KeyRows, OperatorSnapshot, RestoredState, hash_key, key};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

const VERSION: u8 = 1;

/// Rows of several partitions are encoded at once, until they are so many.
const AT_ONCE: usize = 1 << 16;

impl MatchRecognize {
    pub(super) fn write_snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.waiting_results > 0 {
            return Err(Error::bug("a snapshot of a pattern that has more to emit"));
        }
        self.resident.snapshot(&self.keys, &self.partitions, (VERSION, self.context.key_groups))
    }

    pub(super) fn read_snapshot(&mut self, state: &RestoredState) -> Result<()> {
        let (types, states) = (&self.spec.operand_types, self.rules.program.states());
        let (keys, partitions, arrivals) = (&mut self.keys, &mut self.partitions, &mut self.arrivals);
        let mut take_in = |key: &[u8], value: &mut BlobReader<'_>| -> Result<u32> {
            let (slot, _) = keys.insert(hash_key(key), key);
            partitions.grow(keys.slots());
            partitions.list[slot as usize] = read(value, types, states, arrivals)?;
            Ok(slot)
        };
        let slots = self.resident.restore_held(state, (VERSION, "a pattern"), &mut take_in)?;
        self.resident.change(&self.keys, &self.partitions, &slots);
        let all: Vec<u32> = self.keys.live().collect();
        all.into_iter().for_each(|slot| self.settle(slot));
        Ok(())
    }
}

/// Numbers of things by where they lie in memory. Few are looked through, many are found by their hash.
struct Numbers<T> {
    places: Vec<*const T>,
    many: HashMap<*const T, u32>,
}

const FEW: usize = 16;

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Numbers { places: Vec::new(), many: HashMap::new() }
    }
}

impl<T> Numbers<T> {
    fn get(&self, place: *const T) -> Option<u32> {
        if self.places.len() > FEW {
            return self.many.get(&place).copied();
        }
        self.places.iter().position(|known| std::ptr::eq(*known, place)).map(|number| number as u32)
    }

    fn add(&mut self, place: *const T) -> u32 {
        let number = self.places.len();
        self.places.push(place);
        let from = if number == FEW { 0 } else { number };
        if number >= FEW {
            self.many.extend((from as u32..).zip(&self.places[from..]).map(|(number, place)| (*place, number)));
        }
        number as u32
    }
}

/// Rows and path nodes, so that what is shared is written once.
#[derive(Default)]
struct Shared<'a> {
    rows: Vec<&'a Row>,
    row_numbers: Numbers<Row>,
    /// Variable, row, and the node before it plus one.
    nodes: Vec<(u32, u32, u32)>,
    node_numbers: Numbers<Node<Rc<Row>>>,
}

impl<'a> Shared<'a> {
    fn row(&mut self, row: &'a Row) -> u32 {
        self.row_numbers.get(row).unwrap_or_else(|| {
            self.rows.push(row);
            self.row_numbers.add(row)
        })
    }

    fn path(&mut self, path: &'a Rc<Node<Rc<Row>>>) -> u32 {
        // From the first node that is known already on.
        let mut new = Vec::new();
        let mut before = 0;
        for node in path.back() {
            if let Some(number) = self.node_numbers.get(node) {
                before = number + 1;
                break;
            }
            new.push(node);
        }
        for node in new.into_iter().rev() {
            let row = self.row(&node.row);
            self.nodes.push((node.variable as u32, row, before));
            before = self.node_numbers.add(node) + 1;
        }
        before - 1
    }
}

/// What there is to write of a partition.
struct Written<'a> {
    partition: &'a Partition,
    shared: Shared<'a>,
    /// The last nodes of open and complete matches.
    paths: Vec<u32>,
    recent: Vec<u32>,
    waiting: Vec<u32>,
}

impl<'a> Written<'a> {
    fn of(partition: &'a Partition) -> Self {
        let mut shared = Shared::default();
        let (open, complete, _) = partition.matcher.state();
        let paths = open.iter().chain(complete).map(|opened| shared.path(opened.path())).collect();
        let recent = partition.recent.iter().map(|row| shared.row(row)).collect();
        let waiting = partition.waiting.iter().map(|(_, row)| shared.row(row)).collect();
        Written { partition, shared, paths, recent, waiting }
    }

    /// Appends it; `encoded` are its rows.
    fn put<'b>(&self, encoded: impl Iterator<Item = &'b [u8]>, out: &mut Vec<u8>) {
        put_u32(out, self.shared.rows.len() as u32);
        for (row, bytes) in self.shared.rows.iter().zip(encoded) {
            put_i64(out, row.time);
            put_bytes(out, bytes);
        }
        put_u32(out, self.shared.nodes.len() as u32);
        for (variable, row, before) in &self.shared.nodes {
            put_u32(out, *variable);
            put_u32(out, *row);
            put_u32(out, *before);
        }
        let (open, complete, count) = self.partition.matcher.state();
        put_i64(out, count as i64);
        put_i64(out, self.partition.matches);
        let mut paths = self.paths.iter();
        for list in [open.iter().collect::<Vec<_>>(), complete.collect()] {
            put_u32(out, list.len() as u32);
            for (opened, path) in list.into_iter().zip(&mut paths) {
                let (state, start, time) = opened.position();
                put_u32(out, state);
                put_i64(out, start as i64);
                put_i64(out, time);
                put_u32(out, *path);
            }
        }
        put_u32(out, self.recent.len() as u32);
        self.recent.iter().for_each(|row| put_u32(out, *row));
        put_u32(out, self.waiting.len() as u32);
        for ((order, _), row) in self.partition.waiting.iter().zip(&self.waiting) {
            put_bytes(out, order);
            put_u32(out, *row);
        }
    }
}

impl EncodeSlots for Partitions {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        // What can't be encoded is told when it is written.
        let _ = self.encode_each(&[slot], &mut |_, append| append(out));
    }

    fn encode_each(&self, slots: &[u32], put: &mut PutValue<'_>) -> Result<()> {
        let mut encoder = KeyEncoder::exact();
        let (mut all, mut rows): (Vec<(u32, Written<'_>)>, Vec<&Row>) = Default::default();
        for (at, &slot) in slots.iter().enumerate() {
            let written = Written::of(&self.list[slot as usize]);
            rows.extend(&written.shared.rows);
            all.push((slot, written));
            if rows.len() < AT_ONCE && at + 1 < slots.len() {
                continue;
            }
            let encoded = encoded(&mut encoder, &rows)?;
            let mut first = 0;
            for (slot, written) in all.drain(..) {
                let end = first + written.shared.rows.len();
                put(slot, &mut |out| written.put((first..end).map(|row| encoded.row(row)), out));
                first = end;
            }
            rows.clear();
        }
        Ok(())
    }

    fn num_bytes(&self) -> Option<usize> {
        // Of open matches the first is the longest, and the others share most of it.
        let rows = self.list.iter().map(|partition| {
            let (open, mut complete, _) = partition.matcher.state();
            let longest = open.first().or_else(|| complete.next()).map_or(0, |opened| opened.path().back().count());
            partition.waiting.len() + partition.recent.len() + longest
        });
        let row = size_of::<Row>() + self.operands * size_of::<ScalarValue>();
        Some(rows.sum::<usize>() * row + self.list.len() * size_of::<Partition>())
    }
}

fn encoded<'a>(encoder: &'a mut KeyEncoder, rows: &[&Row]) -> Result<&'a KeyRows> {
    let width = rows.first().map_or(0, |row| row.operands.len());
    let columns =
        (0..width).map(|index| ScalarValue::iter_to_array(rows.iter().map(|row| row.operands[index].clone())));
    let columns = columns.collect::<Result<Vec<ArrayRef>, _>>().map_err(from_datafusion)?;
    encoder.encode(&columns, rows.len())
}

fn read(
    blob: &mut BlobReader<'_>,
    types: &[arrow::datatypes::DataType],
    states: u32,
    arrivals: &mut u64,
) -> Result<Partition> {
    let mut rows: Vec<Option<Row>> = read_rows(blob, types)?.into_iter().map(Some).collect();
    let count = blob.u32()?;
    let mut wanted = Vec::new();
    for _ in 0..count {
        wanted.push((blob.u32()?, blob.u32()?, blob.u32()?));
    }
    let row_count = blob.i64()? as u64;
    let matches = blob.i64()?;
    // Rows are either shared by paths and the recent ones, or wait.
    let mut kept: HashMap<u32, Rc<Row>> = HashMap::new();
    let mut shared = |number: u32, rows: &mut Vec<Option<Row>>| -> Result<Rc<Row>> {
        if let Some(row) = kept.get(&number) {
            return Ok(Rc::clone(row));
        }
        let row = Rc::new(rows.get_mut(number as usize).and_then(Option::take).ok_or_else(damaged)?);
        kept.insert(number, Rc::clone(&row));
        Ok(row)
    };
    let mut nodes: Vec<Rc<Node<Rc<Row>>>> = Vec::new();
    for (variable, row, before) in wanted {
        let before = match before {
            0 => None,
            number => Some(nodes.get(number as usize - 1).cloned().ok_or_else(damaged)?),
        };
        nodes.push(Rc::new(Node { variable: variable as usize, row: shared(row, &mut rows)?, before }));
    }
    let mut lists = Vec::new();
    for _ in 0..2 {
        let mut list = Vec::new();
        for _ in 0..blob.u32()? {
            let (state, start, time) = (blob.u32()?, blob.i64()? as u64, blob.i64()?);
            if state >= states {
                return Err(Error::failure("the state of a pattern is of another pattern")
                    .hint("start without the checkpoint, or with the pattern it was taken with"));
            }
            let path = nodes.get(blob.u32()? as usize).cloned().ok_or_else(damaged)?;
            list.push(Opened::new(state, start, time, path));
        }
        lists.push(list);
    }
    let complete = lists.pop().unwrap_or_default();
    let open = lists.pop().unwrap_or_default();
    let mut recent = VecDeque::new();
    for _ in 0..blob.u32()? {
        let row = blob.u32()?;
        recent.push_back(shared(row, &mut rows)?);
    }
    let mut partition =
        Partition { matcher: Matcher::restored(open, complete, row_count), recent, matches, ..Partition::default() };
    for _ in 0..blob.u32()? {
        let order = blob.bytes()?.into();
        let row = rows.get_mut(blob.u32()? as usize).and_then(Option::take).ok_or_else(damaged)?;
        partition.waiting.insert((row.time, order, *arrivals), row);
        *arrivals += 1;
    }
    Ok(partition)
}

fn read_rows(blob: &mut BlobReader<'_>, types: &[arrow::datatypes::DataType]) -> Result<Vec<Row>> {
    let count = blob.u32()?;
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..count {
        times.push(blob.i64()?);
        bytes.push(blob.bytes()?);
    }
    let columns = key::decode(types, bytes)?;
    let row = |(index, time): (usize, i64)| {
        let operands = columns.iter().map(|column| ScalarValue::try_from_array(column, index).map_err(from_datafusion));
        Ok(Row { time, operands: operands.collect::<Result<_>>()? })
    };
    times.into_iter().enumerate().map(row).collect()
}

fn damaged() -> Error {
    Error::failure("the state of a pattern is damaged")
}

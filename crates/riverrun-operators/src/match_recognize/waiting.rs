//! Rows of a partition that wait for the watermark.

use super::Row;
use std::collections::VecDeque;
use std::rc::Rc;

/// Where a row that waits stands: by time, by ORDER BY, by arrival.
pub(super) type Place = (i64, Box<[u8]>, u64);

/// In the order in which they will be matched. Most rows come in that order.
#[derive(Debug, Default)]
pub(super) struct Waiting(VecDeque<(Place, Rc<Row>)>);

impl Waiting {
    pub(super) fn insert(&mut self, place: Place, row: Row) {
        let behind = self.0.back().is_none_or(|(last, _)| *last < place);
        let at = if behind { self.0.len() } else { self.0.partition_point(|(other, _)| *other < place) };
        self.0.insert(at, (place, Rc::new(row)));
    }

    /// When the first of them is due.
    pub(super) fn first_time(&self) -> Option<i64> {
        self.0.front().map(|(place, _)| place.0)
    }

    pub(super) fn first_mut(&mut self) -> Option<(&Place, &mut Rc<Row>)> {
        self.0.front_mut().map(|(place, row)| (&*place, row))
    }

    /// Takes out the first, if it is due at this time.
    pub(super) fn pop(&mut self, time: i64) -> Option<(Place, Rc<Row>)> {
        self.first_time().filter(|first| *first <= time)?;
        self.0.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Each with its ORDER BY.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Rc<Row>)> {
        self.0.iter().map(|((_, order, _), row)| (&**order, row))
    }
}

//! The ends of the channels between operators: where messages are addressed, and where they are taken in.

use crate::batch::Batch;
use crate::budget::{Guard, Meter};
use crate::flow::Layout;
use crate::message::{Body, Message, Status};
use crate::route::{Route, Router};
use crate::watermarks::WatermarkRuns;
use riverrun_core::{Error, Result, Watermark};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use timely::communication::Push;
use timely::container::NoopBuilder;
use timely::dataflow::channels::pushers::exchange::Distributor;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilder;

/// Hands each message to the worker it is addressed to.
pub(crate) struct ByTarget;

impl<B: Batch> Distributor<Message<B>> for ByTarget {
    fn partition<T: Clone, P: Push<timely::dataflow::channels::Message<T, Message<B>>>>(
        &mut self,
        container: &mut Message<B>,
        time: &T,
        pushers: &mut [P],
    ) {
        let target = container.target as usize;
        timely::dataflow::channels::Message::push_at(container, time.clone(), &mut pushers[target]);
        // A serialized channel leaves the message behind.
        *container = Message::default();
    }

    fn flush<T: Clone, P: Push<timely::dataflow::channels::Message<T, Message<B>>>>(&mut self, _: &T, _: &mut [P]) {}
}

/// A message with the timestamp it came with.
pub(crate) struct Arrival<B> {
    pub(crate) port: usize,
    pub(crate) time: u64,
    pub(crate) sender: usize,
    pub(crate) content: Content<B>,
}

impl<B> Arrival<B> {
    /// The message is held back behind a barrier, or no longer is.
    pub(crate) fn hold(&mut self, held: bool) {
        if let Content::Rows(_, _, guard) = &mut self.content {
            guard.hold(held);
        }
    }
}

/// What arrives, decoded.
pub(crate) enum Content<B> {
    Rows(B, WatermarkRuns, Guard),
    Status(Status),
}

/// Takes everything that waits in one channel.
pub(crate) type Pull<B> = Box<dyn FnMut(&mut Vec<(u64, Message<B>)>)>;

/// One input of an operator, with what is known of the channels from other processes.
struct Port<B: Batch> {
    pull: Pull<B>,
    channels: FxHashMap<u32, B::Channel>,
}

/// The inputs of one operator.
pub(crate) struct Inlets<B: Batch> {
    ports: Vec<Port<B>>,
    meter: Meter,
    buffer: Vec<(u64, Message<B>)>,
}

impl<B: Batch> Inlets<B> {
    pub(crate) fn new(ports: Vec<Pull<B>>, meter: Meter) -> Self {
        let ports = ports.into_iter().map(|pull| Port { pull, channels: FxHashMap::default() }).collect();
        Inlets { ports, meter, buffer: Vec::new() }
    }

    /// Takes in what has arrived: what is at most at `gate` goes to `ready`, the rest to `held`.
    pub(crate) fn pull(
        &mut self,
        gate: u64,
        ready: &mut VecDeque<Arrival<B>>,
        held: &mut VecDeque<Arrival<B>>,
    ) -> Result<()> {
        for (port, Port { pull, channels }) in self.ports.iter_mut().enumerate() {
            pull(&mut self.buffer);
            for (time, message) in self.buffer.drain(..) {
                let content = match message.body {
                    Body::Empty => continue,
                    Body::Status(status) => Content::Status(status),
                    Body::Batch(batch, runs, guard) => Content::Rows(batch, runs, guard),
                    Body::Encoded(bytes, runs, _) => {
                        let batch = B::decode(bytes, channels.entry(message.sender).or_default())?;
                        let guard = self.meter.guard(batch.num_bytes());
                        Content::Rows(batch, runs, guard)
                    }
                };
                let mut arrival = Arrival { port, time, sender: message.sender as usize, content };
                if time <= gate {
                    ready.push_back(arrival);
                } else {
                    arrival.hold(true);
                    held.push_back(arrival);
                }
            }
        }
        Ok(())
    }
}

/// How the rows of an edge find their worker.
enum Routing<B> {
    /// There is no consumer: the channel only says how far its operator has come.
    Nowhere,
    Local,
    By(Box<dyn Router<B>>),
    Single,
    Broadcast,
    Rebalance(usize),
}

/// The sender's end of a channel to one consumer.
pub(crate) struct Edge<B: Batch> {
    output: OutputBuilder<u64, NoopBuilder<Message<B>>>,
    capability: Option<Capability<u64>>,
    routing: Routing<B>,
    channels: FxHashMap<usize, B::Channel>,
}

impl<B: Batch> Edge<B> {
    pub(crate) fn new(
        output: OutputBuilder<u64, NoopBuilder<Message<B>>>,
        capability: Capability<u64>,
        route: Option<Route<B>>,
        layout: Layout,
    ) -> Self {
        let routing = match route {
            None => Routing::Nowhere,
            Some(_) if layout.parallelism == 1 => Routing::Local,
            Some(Route::Local) => Routing::Local,
            Some(Route::By(router)) => Routing::By(router),
            Some(Route::Single) => Routing::Single,
            Some(Route::Broadcast) => Routing::Broadcast,
            Some(Route::Rebalance) => Routing::Rebalance(layout.worker),
        };
        Edge { output, capability: Some(capability), routing, channels: FxHashMap::default() }
    }
}

/// The output of one operator: the same rows to all its consumers, each by its own route.
pub(crate) struct Outlet<B: Batch> {
    edges: Vec<Edge<B>>,
    layout: Layout,
    meter: Meter,
    sent: Option<Status>,
    sent_watermark: Watermark,
    targets: Vec<u32>,
    sent_anything: bool,
}

impl<B: Batch> Outlet<B> {
    pub(crate) fn new(edges: Vec<Edge<B>>, layout: Layout, meter: Meter) -> Self {
        let (sent, sent_watermark) = (None, Watermark::MIN);
        Outlet { edges, layout, meter, sent, sent_watermark, targets: Vec::new(), sent_anything: false }
    }

    /// Whether anybody reads what is sent.
    pub(crate) fn has_consumers(&self) -> bool {
        self.edges.iter().any(|edge| !matches!(edge.routing, Routing::Nowhere))
    }

    /// Whether something has been sent since this was last asked.
    pub(crate) fn take_sent(&mut self) -> bool {
        std::mem::take(&mut self.sent_anything)
    }

    /// Sends rows to all consumers.
    pub(crate) fn rows(&mut self, time: u64, batch: B, runs: WatermarkRuns) -> Result<()> {
        let Some(last) = self.edges.len().checked_sub(1) else { return Ok(()) };
        self.sent_anything = true;
        if self.sent == Some(Status::Idle) {
            // Also to those who get none of these rows.
            self.status(time, Status::Active(self.sent_watermark))?;
        }
        for at in 0..last {
            self.rows_to(at, time, batch.clone(), runs.clone())?;
        }
        self.rows_to(last, time, batch, runs)
    }

    fn rows_to(&mut self, at: usize, time: u64, batch: B, runs: WatermarkRuns) -> Result<()> {
        let parallelism = self.layout.parallelism;
        let edge = &mut self.edges[at];
        match &mut edge.routing {
            Routing::Nowhere => Ok(()),
            Routing::Local => self.rows_to_worker(at, time, self.layout.worker, batch, runs),
            Routing::Single => self.rows_to_worker(at, time, 0, batch, runs),
            Routing::Rebalance(next) => {
                let target = *next;
                *next = (target + 1) % parallelism;
                self.rows_to_worker(at, time, target, batch, runs)
            }
            Routing::Broadcast => {
                for target in 0..parallelism {
                    self.rows_to_worker(at, time, target, batch.clone(), runs.clone())?;
                }
                Ok(())
            }
            Routing::By(router) => {
                self.targets.clear();
                router.route(&batch, parallelism, &mut self.targets)?;
                if self.targets.len() != batch.num_rows() {
                    return Err(Error::bug("a router has named another number of workers than there are rows"));
                }
                let mut selected: Vec<Vec<u32>> = vec![Vec::new(); parallelism];
                for (row, &target) in self.targets.iter().enumerate() {
                    match selected.get_mut(target as usize) {
                        Some(rows) => rows.push(row as u32),
                        None => return Err(Error::bug(format!("a router has named worker {target} of {parallelism}"))),
                    }
                }
                for (target, rows) in selected.into_iter().enumerate() {
                    if rows.len() == batch.num_rows() {
                        return self.rows_to_worker(at, time, target, batch, runs);
                    }
                    if !rows.is_empty() {
                        self.rows_to_worker(at, time, target, batch.take(&rows)?, runs.select(&rows))?;
                    }
                }
                Ok(())
            }
        }
    }

    fn rows_to_worker(&mut self, at: usize, time: u64, target: usize, batch: B, runs: WatermarkRuns) -> Result<()> {
        let guard = self.meter.guard(batch.num_bytes());
        let body = if self.layout.is_here(target) {
            Body::Batch(batch, runs, guard)
        } else {
            // Encoded here and not when timely asks for the bytes, since there it could not fail.
            let mut bytes = Vec::new();
            batch.encode(self.edges[at].channels.entry(target).or_default(), &mut bytes)?;
            Body::Encoded(bytes, runs, guard)
        };
        self.give(at, time, target, body)
    }

    fn give(&mut self, at: usize, time: u64, target: usize, body: Body<B>) -> Result<()> {
        let edge = &mut self.edges[at];
        let Some(capability) = &edge.capability else {
            return Err(Error::bug("rows were sent after the end of an operator"));
        };
        let mut message = Message { target: target as u32, sender: self.layout.worker as u32, body };
        let delayed;
        let capability = if *capability.time() == time {
            capability
        } else {
            delayed = capability.delayed(&time);
            &delayed
        };
        edge.output.activate().session_with_builder(capability).give_container(&mut message);
        Ok(())
    }

    /// Tells every worker of every consumer where this sender's event time stands, if that is news.
    pub(crate) fn status(&mut self, time: u64, status: Status) -> Result<()> {
        let status = match status {
            Status::Active(watermark) => {
                self.sent_watermark = self.sent_watermark.max(watermark);
                Status::Active(self.sent_watermark)
            }
            other => other,
        };
        if self.sent.unwrap_or(Status::Active(Watermark::MIN)) == status {
            return Ok(());
        }
        self.sent = Some(status);
        for at in 0..self.edges.len() {
            self.sent_anything = true;
            match self.edges[at].routing {
                Routing::Nowhere => {}
                Routing::Local => self.give(at, time, self.layout.worker, Body::Status(status))?,
                _ => {
                    for target in 0..self.layout.parallelism {
                        self.give(at, time, target, Body::Status(status))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The last watermark that was sent.
    pub(crate) fn sent_watermark(&self) -> Watermark {
        self.sent_watermark
    }

    /// Nothing before `time` will be sent any more.
    pub(crate) fn downgrade(&mut self, time: u64) {
        for edge in &mut self.edges {
            if let Some(capability) = &mut edge.capability
                && *capability.time() != time
            {
                capability.downgrade(&time);
            }
        }
    }

    /// Nothing will be sent any more.
    pub(crate) fn close(&mut self) {
        for edge in &mut self.edges {
            edge.capability = None;
        }
    }
}

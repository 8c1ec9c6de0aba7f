//! The builder of a job's dataflow: sources, operators, sinks and how rows travel between them.
//!
//! A build function is run once on every worker and must do the same on each. What it names is put together when it has
//! returned, so that an operator knows all its consumers.

use crate::batch::Batch;
use crate::channel::{ByTarget, Edge, Inlets, Outlet, Pull};
use crate::driver::OperatorDriver;
use crate::message::Message;
use crate::operator::{Operator, OperatorContext};
use crate::route::Route;
use crate::shared::{Progress, WakeHandle, WorkerShared};
use crate::sink::{Sink, SinkContext};
use crate::sink_driver::SinkDriver;
use crate::snapshot::RestoredPart;
use crate::source::{SourceContext, SourceReader, WatermarkStrategy};
use crate::source_driver::SourceDriver;
use crate::timestamp::{END, epoch_of, next_epoch};
use riverrun_core::metrics::{OperatorMetrics, OperatorRole};
use riverrun_core::{Epoch, Error, Result};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use timely::dataflow::channels::pact::{DistributorPact, Pipeline};
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::{Scope, Stream};
use timely::progress::frontier::MutableAntichain;

/// Builds a job's dataflow; called on every worker.
pub type Build<B> = Arc<dyn Fn(&mut Flow<'_, B>) -> Result<()> + Send + Sync>;

/// A stream of rows between operators of one [`Flow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamId {
    node: usize,
    port: usize,
}

/// What a source gives.
#[derive(Clone, Copy, Debug)]
pub struct SourceStreams {
    /// Its rows.
    pub rows: StreamId,
    /// What could not be decoded, in the schema of dead letters. Dropped where nobody reads it.
    pub rejected: StreamId,
}

/// Which workers there are, and which of them this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) worker: usize,
    pub(crate) parallelism: usize,
    /// The workers of this process: from the first on, so many.
    pub(crate) first: usize,
    pub(crate) threads: usize,
    /// Whether rows are serialized also between the workers of one process, as in a simulation of several.
    pub(crate) serialized: bool,
}

impl Layout {
    /// Whether rows come to a worker as they are, since it lives in this process.
    pub(crate) fn is_here(&self, worker: usize) -> bool {
        !self.serialized && (self.first..self.first + self.threads).contains(&worker)
    }
}

enum Kind<B: Batch> {
    Source(Box<dyn SourceReader<B>>, Option<WatermarkStrategy<B>>),
    Operator(Box<dyn Operator<B>>),
    Sink(Box<dyn Sink<B>>),
}

struct Node<B: Batch> {
    id: String,
    kind: Kind<B>,
    inputs: Vec<(StreamId, Route<B>)>,
    metrics: Arc<OperatorMetrics>,
    wake: Arc<WakeHandle>,
    restored: Option<RestoredPart>,
}

/// The way from one operator to one of its consumers.
struct Channel<'scope, B: Batch> {
    stream: Stream<'scope, u64, Message<B>>,
    exchanged: bool,
}

/// What a driver needs to know of its place in the job.
pub(crate) struct Seat {
    pub(crate) id: String,
    /// Its number in the dataflow; what it reads has a lower one.
    pub(crate) node: usize,
    pub(crate) worker: WorkerShared,
    pub(crate) metrics: Arc<OperatorMetrics>,
    pub(crate) wake: Arc<WakeHandle>,
    pub(crate) activator: timely::scheduling::Activator,
    pub(crate) restored: Option<RestoredPart>,
}

/// Something that runs as one operator of timely's.
pub(crate) trait Driver {
    /// Works on what has arrived, while nothing before `frontier` will arrive any more. Whether it must be kept.
    fn run(&mut self, frontier: u64) -> Result<bool>;
}

/// A dataflow under construction on one worker.
///
/// Ids name operators across restarts: two nodes of one flow must not share one.
pub struct Flow<'a, B: Batch> {
    shared: WorkerShared,
    layout: Layout,
    nodes: Vec<Node<B>>,
    ids: BTreeSet<String>,
    lifetime: PhantomData<&'a ()>,
}

impl<B: Batch> Flow<'_, B> {
    pub(crate) fn new(shared: WorkerShared, layout: Layout) -> Self {
        Flow { shared, layout, nodes: Vec::new(), ids: BTreeSet::new(), lifetime: PhantomData }
    }

    /// This worker's number, from 0.
    pub fn worker(&self) -> usize {
        self.layout.worker
    }

    /// How many workers the job has.
    pub fn parallelism(&self) -> usize {
        self.layout.parallelism
    }

    /// Adds a table that is read. `make` gives this worker's reader; `watermarks` is the table's `WATERMARK FOR`.
    pub fn source(
        &mut self,
        id: &str,
        name: &str,
        make: impl FnOnce(SourceContext) -> Result<Box<dyn SourceReader<B>>>,
        watermarks: Option<WatermarkStrategy<B>>,
    ) -> Result<SourceStreams> {
        let (metrics, wake) = self.enter(id, name, OperatorRole::Source, &[])?;
        let reader = make(SourceContext {
            worker: self.layout.worker,
            parallelism: self.layout.parallelism,
            clock: self.shared.job.clock.clone(),
            metrics: metrics.clone(),
            waker: wake.waker(),
            job: self.shared.job.identity.clone(),
        })?;
        let node = self.add(id, Kind::Source(reader, watermarks), Vec::new(), metrics, wake)?;
        Ok(SourceStreams { rows: StreamId { node, port: 0 }, rejected: StreamId { node, port: 1 } })
    }

    /// Adds an operator; its input ports are numbered as `inputs` are.
    pub fn operator(
        &mut self,
        id: &str,
        name: &str,
        inputs: Vec<(StreamId, Route<B>)>,
        make: impl FnOnce(OperatorContext) -> Result<Box<dyn Operator<B>>>,
    ) -> Result<StreamId> {
        let (metrics, wake) = self.enter(id, name, OperatorRole::Operator, &inputs)?;
        let operator = make(OperatorContext {
            id: id.into(),
            state: self.shared.job.options.state.clone(),
            worker: self.layout.worker,
            parallelism: self.layout.parallelism,
            key_groups: self.shared.job.options.key_groups,
            clock: self.shared.job.clock.clone(),
            metrics: metrics.clone(),
        })?;
        if inputs.is_empty() {
            return Err(Error::bug(format!("the operator {id} has no input")));
        }
        let node = self.add(id, Kind::Operator(operator), inputs, metrics, wake)?;
        Ok(StreamId { node, port: 0 })
    }

    /// The rows that came too late for an operator, in the order in which it found them. Dropped where nobody reads them.
    pub fn late(&self, operator: StreamId) -> StreamId {
        StreamId { port: 1, ..operator }
    }

    /// Adds a table that is written.
    pub fn sink(
        &mut self,
        id: &str,
        name: &str,
        input: (StreamId, Route<B>),
        make: impl FnOnce(SinkContext) -> Result<Box<dyn Sink<B>>>,
    ) -> Result<()> {
        let inputs = vec![input];
        let (metrics, wake) = self.enter(id, name, OperatorRole::Sink, &inputs)?;
        let sink = make(SinkContext {
            worker: self.layout.worker,
            parallelism: self.layout.parallelism,
            clock: self.shared.job.clock.clone(),
            metrics: metrics.clone(),
            waker: wake.waker(),
            job: self.shared.job.identity.clone(),
            id: id.to_owned(),
            key_groups: self.shared.job.options.key_groups,
        })?;
        self.add(id, Kind::Sink(sink), inputs, metrics, wake)?;
        Ok(())
    }

    fn enter(
        &mut self,
        id: &str,
        name: &str,
        role: OperatorRole,
        inputs: &[(StreamId, Route<B>)],
    ) -> Result<(Arc<OperatorMetrics>, Arc<WakeHandle>)> {
        if !self.ids.insert(id.to_owned()) {
            return Err(Error::bug(format!("two operators of one job have the id {id}")));
        }
        if inputs.iter().any(|(stream, _)| stream.node >= self.nodes.len()) {
            return Err(Error::bug(format!("the operator {id} reads a stream of another job")));
        }
        Ok((self.shared.job.metrics.register(id, name, role), Arc::default()))
    }

    fn add(
        &mut self,
        id: &str,
        kind: Kind<B>,
        inputs: Vec<(StreamId, Route<B>)>,
        metrics: Arc<OperatorMetrics>,
        wake: Arc<WakeHandle>,
    ) -> Result<usize> {
        let job = &self.shared.job;
        let restored = match &job.restore {
            Some(snapshot) => crate::snapshot::assign(
                snapshot,
                id,
                self.layout.worker,
                self.layout.parallelism,
                job.options.key_groups,
            )?,
            None => None,
        };
        self.nodes.push(Node { id: id.to_owned(), kind, inputs, metrics, wake, restored });
        Ok(self.nodes.len() - 1)
    }

    /// Puts the named nodes together in timely's `scope`.
    pub(crate) fn assemble(self, scope: Scope<'_, u64>) -> Result<()> {
        let Flow { shared, layout, nodes, .. } = self;
        // The consumers of each stream, in the order in which they are built.
        let mut routes: Vec<Vec<(usize, usize, Route<B>)>> = nodes.iter().map(|_| Vec::new()).collect();
        let mut inputs: Vec<Vec<StreamId>> = Vec::new();
        let mut parts = Vec::new();
        for (at, node) in nodes.into_iter().enumerate() {
            inputs.push(node.inputs.iter().map(|(stream, _)| *stream).collect());
            for (stream, route) in node.inputs {
                routes[stream.node].push((stream.port, at, route));
            }
            parts.push((node.id, node.kind, node.metrics, node.wake, node.restored));
        }
        let exchanged = |route: &Route<B>| layout.parallelism > 1 && !matches!(route, Route::Local);
        // (producer, port, consumer) → the channels between them; more than one for a self-join.
        let mut streams: HashMap<(usize, usize, usize), VecDeque<Channel<'_, B>>> = HashMap::new();
        let (mut ends, mut rooms) = (Vec::new(), Vec::new());
        for (at, (((id, kind, metrics, wake, restored), routes), inputs)) in
            parts.into_iter().zip(routes).zip(inputs).enumerate()
        {
            let mut builder = OperatorBuilder::new(id.clone(), scope);
            let info = builder.operator_info();
            wake.connect(scope.worker().sync_activator_for(info.address.to_vec()));
            let activator = scope.activator_for(info.address);
            let mut pulls: Vec<Pull<B>> = Vec::new();
            let mut senders = Vec::new();
            for stream in inputs {
                let channel = streams.get_mut(&(stream.node, stream.port, at)).and_then(VecDeque::pop_front);
                let Some(Channel { stream: channel, exchanged }) = channel else {
                    return Err(Error::bug("a stream without a producer"));
                };
                senders.push(if exchanged { layout.parallelism } else { 1 });
                if exchanged {
                    let mut input = builder.new_input(channel, DistributorPact(|_| ByTarget));
                    pulls.push(Box::new(move |into| {
                        input.for_each(|time, message| into.push((*time.time(), std::mem::take(message))));
                    }));
                } else {
                    let mut input = builder.new_input(channel, Pipeline);
                    pulls.push(Box::new(move |into| {
                        input.for_each(|time, message| into.push((*time.time(), std::mem::take(message))));
                    }));
                }
            }
            let mut outputs = Vec::new();
            for (port, consumer, route) in routes {
                let (output, stream) = builder.new_output::<Message<B>>();
                streams
                    .entry((at, port, consumer))
                    .or_default()
                    .push_back(Channel { stream, exchanged: exchanged(&route) });
                outputs.push((port, OutputBuilder::from(output), Some(route)));
            }
            if outputs.is_empty() {
                // What has no consumer still holds its tick open until it is done.
                let (output, stream) = builder.new_output::<Message<B>>();
                ends.push(stream);
                outputs.push((0, OutputBuilder::from(output), None));
            }
            if matches!(kind, Kind::Sink(_)) {
                // A full sink lets barriers pass, and holds the sources back by this.
                let (output, stream) = builder.new_output::<Message<B>>();
                rooms.push(stream);
                outputs.push((1, OutputBuilder::from(output), None));
            }
            let progress = shared.progress.clone();
            let seat = Seat { id, node: at, worker: shared.clone(), metrics, wake, activator, restored };
            let job = shared.job.clone();
            let budget = job.budget.clone();
            let failure: Rc<RefCell<Option<Error>>> = Rc::default();
            let failed = failure.clone();
            builder.build_reschedule(move |capabilities| {
                let mut ports: [Vec<Edge<B>>; 2] = [Vec::new(), Vec::new()];
                for ((port, output, route), capability) in outputs.into_iter().zip(capabilities) {
                    ports[port].push(Edge::new(output, capability, route, layout));
                }
                let [rows, rejected] = ports;
                let outlet = |edges| Outlet::new(edges, layout, budget.meter(at));
                let inlets = Inlets::new(pulls, budget.meter(at.saturating_sub(1)));
                let driver: Result<Box<dyn Driver>> = match kind {
                    Kind::Source(reader, strategy) => {
                        SourceDriver::new(seat, reader, strategy, outlet(rows), outlet(rejected))
                            .map(|driver| Box::new(driver) as Box<dyn Driver>)
                    }
                    Kind::Operator(operator) => {
                        OperatorDriver::new(seat, operator, inlets, senders, layout, outlet(rows), outlet(rejected))
                            .map(|driver| Box::new(driver) as Box<dyn Driver>)
                    }
                    Kind::Sink(sink) => {
                        SinkDriver::new(seat, sink, inlets, senders, layout, outlet(rows), outlet(rejected))
                            .map(|driver| Box::new(driver) as Box<dyn Driver>)
                    }
                };
                let mut driver = match driver {
                    Ok(driver) => Some(driver),
                    Err(error) => {
                        *failure.borrow_mut() = Some(error);
                        None
                    }
                };
                move |frontiers: &[MutableAntichain<u64>]| {
                    if job.is_cancelled() {
                        return true;
                    }
                    let Some(running) = &mut driver else { return false };
                    progress.count_run();
                    let frontier = frontiers.iter().map(|f| f.frontier().first().copied().unwrap_or(END)).min();
                    match running.run(frontier.unwrap_or(0)) {
                        Ok(keep) => {
                            if !keep {
                                driver = None;
                            }
                            keep
                        }
                        Err(error) => {
                            job.fail(crate::shared::Blame::Cause, error);
                            true
                        }
                    }
                }
            });
            if let Some(error) = failed.borrow_mut().take() {
                return Err(error);
            }
        }
        watch(scope, ends, rooms, shared.progress.clone(), shared.job.clone());
        Ok(())
    }
}

/// An operator without outputs that sees how far all ends of the dataflow have come, and up to where its sinks have room.
fn watch<B: Batch>(
    scope: Scope<'_, u64>,
    ends: Vec<Stream<'_, u64, Message<B>>>,
    rooms: Vec<Stream<'_, u64, Message<B>>>,
    progress: Rc<Progress>,
    job: Arc<crate::shared::JobShared>,
) {
    let mut builder = OperatorBuilder::new("progress".to_owned(), scope);
    let count = ends.len();
    for end in ends.into_iter().chain(rooms) {
        // Nothing is ever sent on these channels: only their frontiers count.
        let _ = builder.new_input(end, Pipeline);
    }
    builder.build(move |_| {
        let mut passed = epoch_of(job.start).0;
        move |frontiers: &[MutableAntichain<u64>]| {
            let least = |frontiers: &[MutableAntichain<u64>]| {
                frontiers.iter().map(|f| f.frontier().first().copied().unwrap_or(END)).min().unwrap_or(END)
            };
            let (ends, rooms) = frontiers.split_at(count);
            let (least, room) = (least(ends), least(rooms));
            // At the end the last parts stand for the epoch that was open.
            let open = if least == END { next_epoch(job.ticks.announced()) } else { least };
            while passed < epoch_of(open).0 {
                passed += 1;
                job.snapshots.complete(Epoch(passed - 1), least == END && passed == epoch_of(open).0);
            }
            progress.advance(least, room.min(least));
        }
    });
}

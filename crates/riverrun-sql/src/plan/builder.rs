//! A plan under construction, in which equal sub-plans are one node.

use super::ids::assign_ids;
use super::node::{Input, Node, NodeId, NodeKind, Properties, StreamPlan};
use super::prune::prune_sources;
use super::table::open_source;
use riverrun_core::Result;
use std::collections::HashMap;

/// Collects the nodes of a job: of one query, or of all its INSERTs.
#[derive(Debug, Default)]
pub struct PlanBuilder {
    nodes: Vec<Node>,
    known: HashMap<String, NodeId>,
    views: Vec<String>,
}

impl PlanBuilder {
    /// Adds a node, or finds the one that does the same with the same inputs.
    pub fn add(&mut self, kind: NodeKind, inputs: Vec<Input>, properties: Properties) -> NodeId {
        // The texts of specs and expressions hold all that they depend on.
        let digest = format!("{inputs:?} {kind:?} {:?}", properties.schema);
        if let Some(known) = self.known.get(&digest) {
            return *known;
        }
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node { kind, inputs, properties, id: String::new(), view: self.views.last().cloned() });
        self.known.insert(digest, id);
        id
    }

    /// Nodes added from now on stand in this view.
    pub fn enter_view(&mut self, name: impl Into<String>) {
        self.views.push(name.into());
    }

    /// The view's nodes have been added.
    pub fn leave_view(&mut self) {
        self.views.pop();
    }

    /// What is known of a node's rows.
    pub fn properties(&self, id: NodeId) -> &Properties {
        &self.nodes[id.0].properties
    }

    /// A node added before.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The plan: unneeded columns are no longer read, sources are opened, ids are given.
    pub fn finish(self, key_groups: u16) -> Result<StreamPlan> {
        let mut plan = StreamPlan { nodes: self.nodes, key_groups };
        prune_sources(&mut plan)?;
        for node in &mut plan.nodes {
            if let NodeKind::Source(source) = &mut node.kind {
                let factory = open_source(source.connector, source.spec.clone())?;
                node.properties.bounded = factory.bounded();
                source.factory = Some(factory);
            }
        }
        // Whether rows come to an end is known from the sources on.
        for index in 0..plan.nodes.len() {
            if !plan.nodes[index].inputs.is_empty() {
                let bounded = plan.nodes[index].inputs.iter().all(|input| plan.node(input.node).properties.bounded);
                plan.nodes[index].properties.bounded = bounded;
            }
        }
        assign_ids(&mut plan);
        Ok(plan)
    }
}

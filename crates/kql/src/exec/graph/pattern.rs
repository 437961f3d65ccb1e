//! The matches of a pattern: a depth-first search with a stack of its own, edge by edge of the pattern.
//!
//! What can be decided of a node or an edge by itself is decided first, once for each. The search then starts at the node
//! of the pattern that the fewest nodes fit, and tests every other condition as soon as all it reads is known. Walks that
//! cannot come to a fitting node within the hops they have left are given up early.

use super::{Hop, Network};
use crate::exec::ExecError;
use crate::exec::program::{Columns, Program, Scratch};
use crate::exec::row::{Evidence, Row};
use crate::exec::run::Run;
use crate::plan::{Cycles, Expr, ExprKind, GraphPattern, GraphRead, PathFold, Shortest};
use crate::syntax::ast::Direction;
use crate::value::{Value, meter};

/// What it costs to look at an edge.
const STEPS_A_HOP: usize = 128;

/// No way leads there.
const FAR: u32 = u32::MAX;

/// An edge of the pattern in the order in which the search walks them.
struct Leg {
    /// Which edge of the pattern.
    edge: usize,
    /// The node of the pattern it starts at; known when it does.
    from: usize,
    /// The one it leads to.
    to: usize,
    direction: Direction,
    hops: (u32, u32),
    /// The conditions all of whose reads are known behind it.
    filters: Vec<usize>,
    /// For each node how many hops it takes at least to end the leg; `None` if that is not worth knowing.
    to_end: Option<Vec<u32>>,
}

/// Which nodes or edges fit; `None` for all.
type Fitting = Option<Vec<bool>>;

fn fits(fitting: &Fitting, i: usize) -> bool {
    fitting.as_ref().is_none_or(|f| f.get(i).copied().unwrap_or(false))
}

/// A walk that is not ended: where it is on a leg.
#[derive(Clone, Copy)]
struct Frame {
    leg: usize,
    at: usize,
    hops: u32,
    /// Which edge of the node is next.
    next: usize,
    /// Whether the leg has been ended here.
    ended: bool,
    /// Whether that made the node at its end known.
    bound: bool,
}

impl Frame {
    fn start(leg: usize, at: usize) -> Frame {
        Frame { leg, at, hops: 0, next: 0, ended: false, bound: false }
    }
}

/// What is known of a match so far; a row of its reads.
struct Found<'a> {
    pattern: &'a GraphPattern,
    network: &'a Network<'a>,
    /// For each read of a path what is made of each edge or node.
    bodies: &'a [Option<Program>],
    nodes: Vec<Option<usize>>,
    /// For each edge of the pattern the way it takes.
    ways: Vec<Vec<Hop>>,
    /// Which of them are walked from the right.
    reversed: Vec<bool>,
}

impl Columns for Found<'_> {
    fn column(&self, index: usize) -> Value {
        let Some(read) = self.pattern.reads.get(index) else { return Value::Null };
        match read {
            GraphRead::Node { node, column } => {
                let at = self.nodes.get(*node).copied().flatten().and_then(|i| self.network.nodes.get(i));
                at.and_then(|n| n.row.get(*column)).cloned().unwrap_or_default()
            }
            GraphRead::Edge { edge, column } => {
                let hop = self.ways.get(*edge).and_then(|way| way.first());
                let row = hop.and_then(|hop| self.network.edges.get(hop.edge));
                row.and_then(|row| row.values.get(*column)).cloned().unwrap_or_default()
            }
            GraphRead::Path { edge, inner_nodes, fold, .. } => {
                let Some(Some(body)) = self.bodies.get(index) else { return Value::Null };
                let mut scratch = Scratch::default();
                meter::step(self.ways.get(*edge).map_or(0, Vec::len));
                let mut values: Vec<Value> = if *inner_nodes {
                    let way = self.ways.get(*edge).map(Vec::as_slice).unwrap_or_default();
                    let (_, inner) = way.split_last().unzip();
                    let rows =
                        inner.unwrap_or_default().iter().filter_map(|hop| self.network.nodes.get(hop.to));
                    rows.map(|node| body.eval(&node.row, &mut scratch)).collect()
                } else {
                    let way = self.ways.get(*edge).into_iter().flatten();
                    let rows = way.filter_map(|hop| self.network.edges.get(hop.edge));
                    rows.map(|row| body.eval(&row.values, &mut scratch)).collect()
                };
                if self.reversed.get(*edge).copied().unwrap_or(false) {
                    values.reverse();
                }
                match fold {
                    PathFold::Map => Value::array(values),
                    PathFold::All => Value::Bool(values.iter().all(Value::is_true)),
                    PathFold::Any => Value::Bool(values.iter().any(Value::is_true)),
                }
            }
        }
    }
}

impl Found<'_> {
    fn set(&mut self, node: usize, at: Option<usize>) {
        debug_assert!(at.is_none_or(|i| i < self.network.nodes.len()), "a node of the graph");
        if let Some(slot) = self.nodes.get_mut(node) {
            *slot = at;
        }
    }

    fn row(&self) -> Row {
        let mut evidence = Evidence::None;
        for hop in self.ways.iter().flatten() {
            self.network.edges.get(hop.edge).into_iter().for_each(|row| evidence.merge(&row.evidence));
            self.network.nodes.get(hop.to).into_iter().for_each(|node| evidence.merge(&node.evidence));
        }
        for at in self.nodes.iter().flatten() {
            self.network.nodes.get(*at).into_iter().for_each(|node| evidence.merge(&node.evidence));
        }
        Row { values: (0..self.pattern.reads.len()).map(|i| self.column(i)).collect(), evidence }
    }

    /// How many hops it has.
    fn length(&self) -> usize {
        self.ways.iter().map(Vec::len).sum()
    }
}

struct Search<'a> {
    found: Found<'a>,
    legs: Vec<Leg>,
    filters: Vec<Program>,
    /// The conditions that are known where the search starts.
    first_filters: Vec<usize>,
    /// Which nodes fit each node of the pattern.
    nodes: Vec<Fitting>,
    /// Which edges fit each edge of the pattern, and which nodes can lie on it.
    edges: Vec<Fitting>,
    inner: Vec<Fitting>,
    /// What is on the way already; which of them matters depends on the cycles that are wanted.
    used_edges: Vec<bool>,
    used_nodes: Vec<bool>,
    goal: Option<Goal>,
}

/// For `graph-shortest-paths`: how far it is to the end of the pattern, and how long a path may be.
struct Goal {
    limit: u32,
    /// For each leg, and for its end, the hops from its start.
    from_start: Vec<Vec<u32>>,
    /// For each leg the hops from a node on it.
    from_within: Vec<Vec<u32>>,
}

/// The matches of a pattern.
pub(super) fn matches(
    run: &mut Run<'_>,
    pattern: &GraphPattern,
    network: &Network<'_>,
) -> Result<Vec<Row>, ExecError> {
    let mut bodies = Vec::new();
    for read in &pattern.reads {
        bodies.push(match read {
            GraphRead::Path { body, .. } => Some(Program::new(&run.resolve(body)?)),
            _ => None,
        });
    }
    let filters = pattern.filters.iter().map(|e| run.program([e])).collect::<Result<Vec<_>, ExecError>>()?;
    let found = Found {
        pattern,
        network,
        bodies: &bodies,
        nodes: vec![None; pattern.nodes],
        ways: vec![Vec::new(); pattern.edges.len()],
        reversed: vec![false; pattern.edges.len()],
    };
    let mut search = Search {
        found,
        legs: Vec::new(),
        filters,
        first_filters: Vec::new(),
        nodes: vec![None; pattern.nodes],
        edges: vec![None; pattern.edges.len()],
        inner: vec![None; pattern.edges.len()],
        used_edges: vec![false; network.edges.len()],
        used_nodes: vec![false; network.nodes.len()],
        goal: None,
    };
    let left = search.decide_alone(run)?;
    let start = search.order(&left, pattern.shortest.is_some());
    let mut out = Vec::new();
    match pattern.shortest {
        Some(shortest) => search.shortest_paths(run, start, shortest, &mut out)?,
        None => {
            search.distances(run)?;
            for at in 0..network.nodes.len() {
                search.from(run, start, at, false, &mut out)?;
            }
        }
    }
    Ok(out)
}

impl Search<'_> {
    /// Decides conditions that read one node, or one edge, of the pattern; gives back the others.
    fn decide_alone(&mut self, run: &mut Run<'_>) -> Result<Vec<usize>, ExecError> {
        let (pattern, network) = (self.found.pattern, self.found.network);
        let mut left = Vec::new();
        for (i, e) in pattern.filters.iter().enumerate() {
            // `all(e, p)` as a condition says something of each edge.
            if let ExprKind::Column(read) = e.kind
                && let Some(GraphRead::Path { edge, inner_nodes, fold: PathFold::All, .. }) =
                    pattern.reads.get(read)
                && let Some(Some(body)) = self.found.bodies.get(read)
            {
                let (fitting, values): (_, Vec<bool>) = if *inner_nodes {
                    run.budget.charge(network.nodes.len(), 1)?;
                    let rows = network.nodes.iter().map(|n| &n.row);
                    (&mut self.inner, rows.map(|row| body.eval(row, &mut run.scratch).is_true()).collect())
                } else {
                    run.budget.charge(network.edges.len(), 1)?;
                    let rows = network.edges.iter().map(|row| &row.values);
                    (&mut self.edges, rows.map(|row| body.eval(row, &mut run.scratch).is_true()).collect())
                };
                restrict(fitting.get_mut(*edge), values);
                continue;
            }
            let Some(program) = self.filters.get(i) else { continue };
            match alone(pattern, e) {
                Some(Alone::Node(node)) => {
                    run.budget.charge(network.nodes.len(), 1)?;
                    let mut values = Vec::with_capacity(network.nodes.len());
                    for at in 0..network.nodes.len() {
                        self.found.set(node, Some(at));
                        values.push(program.eval(&self.found, &mut run.scratch).is_true());
                    }
                    self.found.set(node, None);
                    restrict(self.nodes.get_mut(node), values);
                }
                Some(Alone::Edge(edge)) => {
                    run.budget.charge(network.edges.len(), 1)?;
                    let mut values = Vec::with_capacity(network.edges.len());
                    for at in 0..network.edges.len() {
                        if let Some(way) = self.found.ways.get_mut(edge) {
                            *way = vec![Hop { edge: at, to: 0 }];
                        }
                        values.push(program.eval(&self.found, &mut run.scratch).is_true());
                    }
                    self.found.ways.get_mut(edge).into_iter().for_each(Vec::clear);
                    restrict(self.edges.get_mut(edge), values);
                }
                None => left.push(i),
            }
        }
        Ok(left)
    }

    /// Puts the legs in order and each condition where all it reads is known. Gives back the node of the pattern at which
    /// the search starts.
    fn order(&mut self, conditions: &[usize], as_written: bool) -> usize {
        let pattern = self.found.pattern;
        let count = |fitting: &Fitting| match fitting {
            Some(f) => f.iter().filter(|fits| **fits).count(),
            None => self.found.network.nodes.len(),
        };
        let rarest = (0..pattern.nodes).min_by_key(|i| self.nodes.get(*i).map_or(usize::MAX, count));
        let start = if as_written { 0 } else { rarest.unwrap_or(0) };
        let mut known = vec![false; pattern.nodes];
        let mut walked = vec![false; pattern.edges.len()];
        let mut waiting = conditions.to_vec();
        let is = |known: &[bool], i: usize| known.get(i).copied().unwrap_or(false);
        let set = |known: &mut [bool], i: usize| known.get_mut(i).into_iter().for_each(|k| *k = true);
        set(&mut known, start);
        let mut ready = |known: &[bool], walked: &[bool]| {
            let read = |e: &Expr| {
                !e.any(&mut |e| {
                    let ExprKind::Column(i) = e.kind else { return false };
                    !match pattern.reads.get(i) {
                        Some(GraphRead::Node { node, .. }) => is(known, *node),
                        Some(GraphRead::Edge { edge, .. } | GraphRead::Path { edge, .. }) => {
                            is(walked, *edge)
                        }
                        None => true,
                    }
                })
            };
            let (now, later) =
                waiting.iter().partition::<Vec<usize>, _>(|i| pattern.filters.get(**i).is_some_and(read));
            waiting = later;
            now
        };
        self.first_filters = ready(&known, &walked);
        for _ in &pattern.edges {
            // First what closes a circle: it leaves the fewest ways.
            let open = |e: usize| pattern.edges.get(e).filter(|_| !is(&walked, e));
            let ends = |e: usize, both: bool| {
                open(e).is_some_and(|e| match (is(&known, e.left), is(&known, e.right)) {
                    (true, true) => both,
                    (a, b) => !both && (a || b),
                })
            };
            let all = 0..pattern.edges.len();
            let next = all.clone().find(|e| ends(*e, true)).or_else(|| all.clone().find(|e| ends(*e, false)));
            // Binding refuses patterns in several parts.
            let Some((at, edge)) = next.and_then(|at| Some((at, pattern.edges.get(at)?))) else { break };
            let reversed = !is(&known, edge.left);
            let (from, to) = if reversed { (edge.right, edge.left) } else { (edge.left, edge.right) };
            let direction = if reversed { backward(edge.direction) } else { edge.direction };
            set(&mut known, to);
            set(&mut walked, at);
            if let Some(slot) = self.found.reversed.get_mut(at) {
                *slot = reversed;
            }
            let filters = ready(&known, &walked);
            self.legs.push(Leg { edge: at, from, to, direction, hops: edge.hops, filters, to_end: None });
        }
        start
    }

    /// For legs of several hops to nodes of which not all fit: how far those are.
    fn distances(&mut self, run: &mut Run<'_>) -> Result<(), ExecError> {
        for i in 0..self.legs.len() {
            let Some(leg) = self.legs.get(i) else { continue };
            let Some(Some(fitting)) = self.nodes.get(leg.to) else { continue };
            if leg.hops.1 < 2 {
                continue;
            }
            let seeds = fitting.iter().map(|fits| if *fits { 0 } else { FAR }).collect();
            let to_end = self.spread(run, leg, seeds)?;
            if let Some(leg) = self.legs.get_mut(i) {
                leg.to_end = Some(to_end);
            }
        }
        Ok(())
    }

    /// The distances of all nodes to nodes at known distances, by walks along a leg.
    fn spread(&self, run: &mut Run<'_>, leg: &Leg, mut distance: Vec<u32>) -> Result<Vec<u32>, ExecError> {
        let network = self.found.network;
        meter::step(STEPS_A_HOP * (network.nodes.len() + network.edges.len()));
        run.budget.settle()?;
        let largest = distance.iter().filter(|d| **d != FAR).max().copied().unwrap_or(0);
        let mut levels: Vec<Vec<usize>> = vec![Vec::new(); largest as usize + 1];
        for (node, d) in distance.iter().enumerate().filter(|(_, d)| **d != FAR) {
            levels.get_mut(*d as usize).into_iter().for_each(|level| level.push(node));
        }
        let (mut d, mut level) = (0_u32, levels.first_mut().map(std::mem::take).unwrap_or_default());
        while d <= largest || !level.is_empty() {
            let mut next = levels.get_mut(d as usize + 1).map(std::mem::take).unwrap_or_default();
            for node in level {
                if distance.get(node) != Some(&d) {
                    continue;
                }
                for hop in network.hops(node, backward(leg.direction)) {
                    let nearer = distance.get_mut(hop.to).filter(|known| **known > d + 1);
                    if let Some(known) = nearer
                        && self.edges.get(leg.edge).is_none_or(|f| fits(f, hop.edge))
                    {
                        *known = d + 1;
                        next.push(hop.to);
                    }
                }
            }
            (d, level) = (d + 1, next);
        }
        Ok(distance)
    }

    /// Appends the matches whose first node is this one; only the first if no more are wanted. Whether there is any.
    fn from(
        &mut self,
        run: &mut Run<'_>,
        start: usize,
        at: usize,
        one: bool,
        out: &mut Vec<Row>,
    ) -> Result<bool, ExecError> {
        if !self.nodes.get(start).is_none_or(|f| fits(f, at)) {
            return Ok(false);
        }
        run.budget.charge(1, 1)?;
        self.found.set(start, Some(at));
        use_up(&mut self.used_nodes, at, true);
        let mut any = false;
        if self.hold(run, None) {
            if self.legs.is_empty() {
                self.emit(run, out)?;
                any = true;
            } else {
                any = self.walk(run, at, one, out)?;
            }
        }
        use_up(&mut self.used_nodes, at, false);
        self.found.set(start, None);
        Ok(any)
    }

    /// Whether the conditions hold that are known now.
    fn hold(&self, run: &mut Run<'_>, leg: Option<&Leg>) -> bool {
        let mut which = leg.map_or(&self.first_filters, |leg| &leg.filters).iter();
        which.all(|i| self.filters.get(*i).is_some_and(|p| p.eval(&self.found, &mut run.scratch).is_true()))
    }

    fn emit(&self, run: &mut Run<'_>, out: &mut Vec<Row>) -> Result<(), ExecError> {
        run.budget.charge(1, self.found.pattern.reads.len())?;
        let row = self.found.row();
        // Each event is compared with those before it.
        meter::step(row.evidence.events().len().saturating_mul(self.found.length()) / 16);
        run.budget.keep(&row.values)?;
        out.push(row);
        Ok(())
    }

    /// The search below a first node. Its stack stands on the heap: data decide how deep it is.
    fn walk(
        &mut self,
        run: &mut Run<'_>,
        at: usize,
        one: bool,
        out: &mut Vec<Row>,
    ) -> Result<bool, ExecError> {
        let mut any = false;
        let (mut total, mut deepest) = (0_u32, 0);
        let mut frames = vec![Frame::start(0, at)];
        while let Some(mut frame) = frames.pop() {
            let Some(leg) = self.legs.get(frame.leg) else { continue };
            if frame.bound {
                frame.bound = false;
                self.found.set(leg.to, None);
            }
            // End the leg here.
            if !frame.ended && frame.hops >= leg.hops.0 {
                frame.ended = true;
                let known = self.found.nodes.get(leg.to).copied().flatten();
                let fitting = match known {
                    Some(node) => node == frame.at,
                    None => self.nodes.get(leg.to).is_none_or(|f| fits(f, frame.at)),
                };
                let reaches = |goal: &Goal| goal.allows(goal.from_start.get(frame.leg + 1), frame.at, total);
                if fitting && self.goal.as_ref().is_none_or(reaches) {
                    frame.bound = known.is_none();
                    let to = leg.to;
                    self.found.set(to, Some(frame.at));
                    let leg = self.legs.get(frame.leg);
                    if self.hold(run, leg) {
                        match self.legs.get(frame.leg + 1) {
                            Some(next) => {
                                let from = self.found.nodes.get(next.from).copied().flatten();
                                frames.push(frame);
                                frames.push(Frame::start(frame.leg + 1, from.unwrap_or_default()));
                                continue;
                            }
                            None => {
                                self.emit(run, out)?;
                                any = true;
                                if one {
                                    frames.push(frame);
                                    self.forget(&frames);
                                    return Ok(true);
                                }
                            }
                        }
                    }
                }
                frames.push(frame);
                continue;
            }
            // Go on along an edge.
            meter::step(STEPS_A_HOP);
            run.budget.settle()?;
            let hop = if frame.hops < leg.hops.1 && self.can_pass(leg, &frame) {
                self.found.network.hop(frame.at, leg.direction, frame.next)
            } else {
                None
            };
            match hop {
                Some(hop) => {
                    frame.next += 1;
                    let hop = hop.filter(|hop| self.can_go(leg, &frame, *hop, total));
                    frames.push(frame);
                    if let Some(hop) = hop {
                        total += 1;
                        use_up(&mut self.used_edges, hop.edge, true);
                        use_up(&mut self.used_nodes, hop.to, true);
                        let edge = leg.edge;
                        self.found.ways.get_mut(edge).into_iter().for_each(|way| way.push(hop));
                        let hops = frame.hops + 1;
                        frames.push(Frame { hops, ..Frame::start(frame.leg, hop.to) });
                        if frames.len() > deepest {
                            deepest = frames.len();
                            run.budget.charge(1, 2)?;
                        }
                    }
                }
                None if frame.hops > 0 => {
                    total -= 1;
                    self.back(leg.edge);
                }
                None => {}
            }
        }
        Ok(any)
    }

    /// Takes the last hop of an edge of the pattern back.
    fn back(&mut self, edge: usize) {
        if let Some(hop) = self.found.ways.get_mut(edge).and_then(Vec::pop) {
            use_up(&mut self.used_edges, hop.edge, false);
            use_up(&mut self.used_nodes, hop.to, false);
        }
    }

    /// Takes everything back that a search had found when it was ended.
    fn forget(&mut self, frames: &[Frame]) {
        for frame in frames {
            let Some(leg) = self.legs.get(frame.leg) else { continue };
            let (edge, to) = (leg.edge, leg.to);
            if frame.bound {
                self.found.set(to, None);
            }
            if frame.hops > 0 {
                self.back(edge);
            }
        }
    }

    /// Whether the walk may go on at its node: one that it has come to lies inside then.
    fn can_pass(&self, leg: &Leg, frame: &Frame) -> bool {
        frame.hops == 0 || self.inner.get(leg.edge).is_none_or(|f| fits(f, frame.at))
    }

    fn can_go(&self, leg: &Leg, frame: &Frame, hop: Hop, total: u32) -> bool {
        let used = match self.found.pattern.cycles {
            Cycles::All => None,
            Cycles::UniqueEdges => self.used_edges.get(hop.edge),
            Cycles::None => self.used_nodes.get(hop.to),
        };
        if used == Some(&true) || !self.edges.get(leg.edge).is_none_or(|f| fits(f, hop.edge)) {
            return false;
        }
        let in_time = |to_end: &Vec<u32>| {
            let left = to_end.get(hop.to).copied().unwrap_or(FAR);
            left != FAR && frame.hops + 1 + left <= leg.hops.1
        };
        leg.to_end.as_ref().is_none_or(in_time)
            && self
                .goal
                .as_ref()
                .is_none_or(|goal| goal.allows(goal.from_within.get(frame.leg), hop.to, total + 1))
    }

    /// `graph-shortest-paths`: for each pair of a first and a last node, the paths of the length at which there is one.
    fn shortest_paths(
        &mut self,
        run: &mut Run<'_>,
        start: usize,
        shortest: Shortest,
        out: &mut Vec<Row>,
    ) -> Result<(), ExecError> {
        let network = self.found.network;
        let Some(end) = self.legs.last().map(|leg| leg.to) else { return Ok(()) };
        let sum = |f: fn((u32, u32)) -> u32, legs: &[Leg]| {
            legs.iter().map(|leg| f(leg.hops)).fold(0_u32, u32::saturating_add)
        };
        let least = sum(|hops| hops.0, &self.legs);
        // Without an edge, or a node, twice there are no longer paths than there are edges.
        let longest = match self.found.pattern.cycles {
            Cycles::All => FAR,
            Cycles::UniqueEdges | Cycles::None => u32::try_from(network.edges.len()).unwrap_or(FAR),
        };
        let most = sum(|hops| hops.1, &self.legs).min(longest);
        let ends = self.nodes.get(end).cloned().flatten();
        for target in 0..network.nodes.len() {
            if !fits(&ends, target) {
                continue;
            }
            let mut only = vec![false; network.nodes.len()];
            use_up(&mut only, target, true);
            if let Some(slot) = self.nodes.get_mut(end) {
                *slot = Some(only);
            }
            self.goal = Some(self.goal(run, target)?);
            for at in 0..network.nodes.len() {
                let nearest = self.goal.as_ref().and_then(|goal| goal.from_start.first()?.get(at).copied());
                let fitting = self.nodes.get(start).is_none_or(|f| fits(f, at));
                let Some(nearest) = nearest.filter(|d| *d != FAR && fitting) else { continue };
                for limit in nearest.max(least)..=most {
                    if let Some(goal) = &mut self.goal {
                        goal.limit = limit;
                    }
                    if self.from(run, start, at, shortest == Shortest::Any, out)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// How far it is to a node from everywhere, leg by leg from the last.
    fn goal(&self, run: &mut Run<'_>, target: usize) -> Result<Goal, ExecError> {
        let network = self.found.network;
        let mut end = vec![FAR; network.nodes.len()];
        end.get_mut(target).into_iter().for_each(|d| *d = 0);
        let (mut from_start, mut from_within) = (vec![end], Vec::new());
        for leg in self.legs.iter().rev() {
            let mut seeds = from_start.last().cloned().unwrap_or_default();
            for (node, d) in seeds.iter_mut().enumerate() {
                if !self.nodes.get(leg.to).is_none_or(|f| fits(f, node)) {
                    *d = FAR;
                }
            }
            let within = self.spread(run, leg, seeds)?;
            let start = if leg.hops.0 == 0 {
                within.clone()
            } else {
                meter::step(STEPS_A_HOP * (network.nodes.len() + network.edges.len()));
                let first = |node: usize| {
                    let hops = network.hops(node, leg.direction);
                    let open = hops.filter(|hop| self.edges.get(leg.edge).is_none_or(|f| fits(f, hop.edge)));
                    open.filter_map(|hop| within.get(hop.to)).min().map_or(FAR, |d| d.saturating_add(1))
                };
                (0..network.nodes.len()).map(first).collect()
            };
            from_start.push(start);
            from_within.push(within);
        }
        from_start.reverse();
        from_within.reverse();
        Ok(Goal { limit: 0, from_start, from_within })
    }
}

impl Goal {
    /// Whether the end is near enough.
    fn allows(&self, distances: Option<&Vec<u32>>, node: usize, hops: u32) -> bool {
        let left = distances.and_then(|d| d.get(node)).copied().unwrap_or(FAR);
        left != FAR && hops.saturating_add(left) <= self.limit
    }
}

/// The one node or edge of a pattern that a condition reads.
enum Alone {
    Node(usize),
    Edge(usize),
}

fn alone(pattern: &GraphPattern, e: &Expr) -> Option<Alone> {
    let (mut nodes, mut edges, mut paths) = (Vec::new(), Vec::new(), false);
    e.any(&mut |e| {
        if let ExprKind::Column(i) = e.kind {
            match pattern.reads.get(i) {
                Some(GraphRead::Node { node, .. }) => nodes.push(*node),
                Some(GraphRead::Edge { edge, .. }) => edges.push(*edge),
                _ => paths = true,
            }
        }
        false
    });
    nodes.dedup();
    edges.dedup();
    match (nodes.as_slice(), edges.as_slice()) {
        _ if paths => None,
        ([node], []) => Some(Alone::Node(*node)),
        ([], [edge]) => Some(Alone::Edge(*edge)),
        _ => None,
    }
}

fn restrict(fitting: Option<&mut Fitting>, values: Vec<bool>) {
    let Some(fitting) = fitting else { return };
    *fitting = Some(match fitting.take() {
        Some(before) => before.into_iter().zip(values).map(|(a, b)| a && b).collect(),
        None => values,
    });
}

fn backward(direction: Direction) -> Direction {
    match direction {
        Direction::Forward => Direction::Backward,
        Direction::Backward => Direction::Forward,
        Direction::Any => Direction::Any,
    }
}

fn use_up(used: &mut [bool], i: usize, is: bool) {
    used.get_mut(i).into_iter().for_each(|slot| *slot = is);
}

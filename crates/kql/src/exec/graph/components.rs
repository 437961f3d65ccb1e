//! `graph-mark-components`: which nodes hang together. Components are numbered in the order of their first nodes.

use super::Network;
use crate::exec::ExecError;
use crate::exec::run::Run;
use crate::plan::{Components, GraphSource};
use crate::syntax::ast::Direction;
use crate::value::Value;

/// Appends to each node the number of its component, once for each mark.
pub(super) fn mark(
    run: &mut Run<'_>,
    source: &GraphSource,
    network: &mut Network<'_>,
) -> Result<(), ExecError> {
    for kind in &source.components {
        run.budget.charge(network.nodes.len() + network.edges.len(), 1)?;
        let found = match kind {
            Components::Weak => weak(network),
            Components::Strong => strong(network),
        };
        // Numbers by first node.
        let mut numbers = vec![None; network.nodes.len()];
        let mut next = 0_i64;
        for (node, component) in network.nodes.iter_mut().zip(found) {
            let Some(number) = numbers.get_mut(component) else { continue };
            let number = *number.get_or_insert_with(|| {
                next += 1;
                next - 1
            });
            node.row.push(Value::Long(number));
        }
    }
    Ok(())
}

/// A component for each node, named after one of its nodes.
fn weak(network: &Network<'_>) -> Vec<usize> {
    let order: Vec<usize> = (0..network.nodes.len()).collect();
    flood(network, &order, Direction::Any)
}

/// Nodes from which one comes to each other: those that a walk against the edges reaches, started where walks along the
/// edges ended last (Kosaraju).
fn strong(network: &Network<'_>) -> Vec<usize> {
    let mut finished = Vec::with_capacity(network.nodes.len());
    let mut seen = vec![false; network.nodes.len()];
    let mut see = |node: usize| seen.get_mut(node).is_some_and(|seen| !std::mem::replace(seen, true));
    for start in 0..network.nodes.len() {
        if !see(start) {
            continue;
        }
        let mut stack = vec![(start, 0)];
        while let Some((node, next)) = stack.last_mut() {
            match network.out.of(*node).get(*next) {
                Some((_, to)) => {
                    *next += 1;
                    if see(*to) {
                        stack.push((*to, 0));
                    }
                }
                None => {
                    finished.push(*node);
                    stack.pop();
                }
            }
        }
    }
    finished.reverse();
    flood(network, &finished, Direction::Backward)
}

/// Names all that can be reached from each node, and is not named yet, after it.
fn flood(network: &Network<'_>, order: &[usize], direction: Direction) -> Vec<usize> {
    let mut names: Vec<Option<usize>> = vec![None; network.nodes.len()];
    let mut stack = Vec::new();
    for start in order {
        stack.push(*start);
        while let Some(node) = stack.pop() {
            let Some(name @ None) = names.get_mut(node) else { continue };
            *name = Some(*start);
            stack.extend(network.hops(node, direction).map(|hop| hop.to));
        }
    }
    names.into_iter().map(Option::unwrap_or_default).collect()
}

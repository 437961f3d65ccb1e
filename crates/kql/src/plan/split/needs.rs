//! Which columns of its input a step needs for the given columns of its output: what no one reads is never decoded.

use crate::plan::{ApplyOutput, IpLookup, Join, JoinKind, SetOp, Stage};

/// Which columns of its input a stage needs for the given columns of its output.
pub(super) fn stage_needs(stage: &Stage, needed: &[bool], input_width: usize) -> Vec<bool> {
    let wanted = |i: usize| needed.get(i).copied().unwrap_or(false);
    let mut below: Vec<bool> = (0..input_width).map(wanted).collect();
    match stage {
        Stage::Where(e) => e.mark_columns(&mut below),
        Stage::Extend(sets) => {
            for (at, _) in sets {
                if let Some(slot) = below.get_mut(*at) {
                    *slot = false;
                }
            }
            sets.iter().filter(|(at, _)| wanted(*at)).for_each(|(_, e)| e.mark_columns(&mut below));
        }
        Stage::Project(values) => {
            below.fill(false);
            values
                .iter()
                .enumerate()
                .filter(|(i, _)| wanted(*i))
                .for_each(|(_, e)| e.mark_columns(&mut below));
        }
        Stage::MvExpand(m) => m.items.iter().for_each(|(e, ..)| e.mark_columns(&mut below)),
        Stage::Parse(p) => p.source.mark_columns(&mut below),
        Stage::ParseKv(p) => p.source.mark_columns(&mut below),
    }
    below
}

pub(super) fn local_needs(stages: &[Stage], needed: Vec<bool>, table_width: usize) -> Vec<bool> {
    // Positions only grow along extends, so the widest is enough room everywhere.
    let mut needed = needed;
    let room = stages.iter().map(stage_reach).max().unwrap_or(0).max(table_width).max(needed.len());
    for stage in stages.iter().rev() {
        needed = stage_needs(stage, &needed, room);
    }
    needed.resize(table_width, false);
    needed
}

pub(super) fn stage_reach(stage: &Stage) -> usize {
    match stage {
        Stage::Extend(sets) => sets.iter().map(|(i, _)| i + 1).max().unwrap_or(0),
        Stage::MvExpand(m) => m.width,
        Stage::Parse(p) => p.width,
        Stage::ParseKv(p) => p.width,
        Stage::Project(values) => values.len(),
        Stage::Where(_) => 0,
    }
}

pub(super) fn set_needs(op: &SetOp, needed: &[bool], input_width: usize) -> Vec<bool> {
    let wanted = |i: usize| needed.get(i).copied().unwrap_or(false);
    let mut below: Vec<bool> = (0..input_width).map(wanted).collect();
    match op {
        SetOp::Sort(keys) => keys.iter().for_each(|k| k.value.mark_columns(&mut below)),
        SetOp::Top(_, key) => key.value.mark_columns(&mut below),
        SetOp::Take(_) | SetOp::Sample(_) => {}
        SetOp::Count => below.fill(false),
        SetOp::Window(sets) => sets.iter().for_each(|(_, e)| e.mark_columns(&mut below)),
        SetOp::RowsNear(condition, ..) => condition.mark_columns(&mut below),
        SetOp::Narrow(_) | SetOp::Pivot(_) | SetOp::SchemaMerge(_) => below.fill(true),
        SetOp::Activity(a) => {
            below.fill(false);
            a.id.mark_columns(&mut below);
            a.time.mark_columns(&mut below);
            a.dimensions.iter().for_each(|e| e.mark_columns(&mut below));
        }
        SetOp::Summarize(s) => {
            below.fill(false);
            s.keys.iter().for_each(|e| e.mark_columns(&mut below));
            s.aggregates.iter().flat_map(|a| &a.args).for_each(|e| e.mark_columns(&mut below));
        }
        SetOp::MvApply(m) => {
            below.fill(false);
            for (output, _) in m.outputs.iter().zip(needed).filter(|(_, n)| **n) {
                if let ApplyOutput::Source(i) = output
                    && let Some(slot) = below.get_mut(*i)
                {
                    *slot = true;
                }
            }
            m.expand.items.iter().for_each(|(e, ..)| e.mark_columns(&mut below));
        }
        SetOp::Partition(p) => {
            below.fill(false);
            p.key.mark_columns(&mut below);
        }
        SetOp::MakeSeries(m) => {
            below.fill(false);
            m.by.iter().for_each(|e| e.mark_columns(&mut below));
            m.axis.mark_columns(&mut below);
            m.aggregates.iter().flat_map(|a| &a.args).for_each(|e| e.mark_columns(&mut below));
        }
        SetOp::TopNested(levels) => {
            below.fill(false);
            for level in levels {
                level.key.mark_columns(&mut below);
                level.aggregates.iter().flat_map(|a| &a.args).for_each(|e| e.mark_columns(&mut below));
            }
        }
        SetOp::Scan(s) => {
            // The row and the states of the steps, one behind the other, are rows of the same columns.
            let mut read = vec![false; s.width * (s.steps.len() + 1)];
            for step in &s.steps {
                step.condition.mark_columns(&mut read);
                step.assignments.iter().for_each(|(_, e)| e.mark_columns(&mut read));
            }
            for row in read.chunks(s.width.max(1)) {
                below.iter_mut().zip(row).for_each(|(b, r)| *b |= r);
            }
        }
    }
    below
}

pub(super) fn lookup_needs(l: &IpLookup, needed: &[bool]) -> (Vec<bool>, Vec<bool>) {
    let wanted = |i: usize| needed.get(i).copied().unwrap_or(false);
    let width = l.left.columns.len();
    let mut left: Vec<bool> = (0..width).map(wanted).collect();
    let mut right = vec![false; l.right.columns.len()];
    for (position, column) in l.right_columns.iter().enumerate() {
        if wanted(width + position)
            && let Some(slot) = right.get_mut(*column)
        {
            *slot = true;
        }
    }
    l.left_key.mark_columns(&mut left);
    l.right_key.mark_columns(&mut right);
    for (a, b) in &l.extra {
        a.mark_columns(&mut left);
        b.mark_columns(&mut right);
    }
    (left, right)
}

pub(super) fn join_needs(join: &Join, needed: &[bool]) -> (Vec<bool>, Vec<bool>) {
    use JoinKind::{RightAnti, RightSemi};
    let left_width = join.left.columns.len();
    let shift = if matches!(join.kind, RightSemi | RightAnti) { 0 } else { left_width };
    let wanted = |i: usize| needed.get(i).copied().unwrap_or(false);
    let mut left: Vec<bool> = (0..left_width).map(|i| shift > 0 && wanted(i)).collect();
    let mut right = vec![false; join.right.columns.len()];
    for (position, column) in join.right_columns.iter().enumerate() {
        if wanted(shift + position)
            && let Some(slot) = right.get_mut(*column)
        {
            *slot = true;
        }
    }
    join.left_keys.iter().for_each(|e| e.mark_columns(&mut left));
    join.right_keys.iter().for_each(|e| e.mark_columns(&mut right));
    (left, right)
}

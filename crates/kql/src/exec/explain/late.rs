//! What the stages behind the one that stopped a row would have said. It is for show: no answer depends on it.

use super::{State, Teller, expressions};
use crate::exec::row::Row;
use crate::plan::{Plan, PlanKind, Stage};
use std::rc::Rc;

impl Teller<'_, '_> {
    /// Takes the rows that a filter of the branch stopped on through the row stages behind it.
    pub(super) fn late(&mut self, id: usize, top: &Rc<Plan>) {
        let Some(branch) = self.branches.get(id) else { return };
        let Some(stopped) = branch.stages.iter().position(|s| s.state == State::Stopped) else { return };
        let span = branch.stages.get(stopped).map(|s| s.span).unwrap_or_default();
        // The nodes of the stages behind it, the nearest first.
        let (mut behind, mut at) = (Vec::new(), top);
        while at.span != span {
            behind.push(at);
            let Some(input) = Teller::piped(at) else { return };
            at = input;
        }
        let PlanKind::Stage(_, Stage::Where(_)) = &at.kind else { return };
        let mut rows = self.some(self.watch.seen(at.id()).map(|s| &s.into), false);
        for plan in behind.into_iter().rev() {
            let PlanKind::Stage(_, stage) = &plan.kind else { return };
            let is_filter = matches!(stage, Stage::Where(_));
            let Some(compiled) = self.compiled(plan) else { return };
            let expressions = expressions(plan);
            let resolved: Vec<_> = expressions.iter().filter_map(|e| self.run.resolve(e).ok()).collect();
            let predicate = resolved.first().filter(|_| is_filter);
            let (mut next, mut told, mut would) = (Vec::new(), Vec::new(), false);
            for row in rows {
                let made = self.through(&compiled, row.clone());
                let passed = !made.is_empty();
                would |= passed;
                let steps = self.steps_of(&resolved, predicate, &row);
                let events = row.evidence.events().iter().take(super::MAX_MADE).cloned().collect();
                told.push(super::ExplainedRow { passed: Some(passed), side: None, events, steps });
                // A filter lets everything through here, so that the next one can be asked.
                if is_filter { next.push(row) } else { next.extend(made) }
            }
            rows = next.into_iter().take(super::MAX_ROWS[0]).collect::<Vec<Row>>();
            let stage = self
                .branches
                .get_mut(id)
                .and_then(|b| b.stages.iter_mut().skip(stopped + 1).find(|s| s.span == plan.span));
            if let Some(stage) =
                stage.filter(|s| s.state == State::Unreached || matches!(s.state, State::Late(_)))
            {
                stage.rows = super::merged(std::mem::take(&mut stage.rows), told);
                stage.state = State::Late(match stage.state {
                    State::Late(before) => before && would,
                    _ => would,
                });
            }
            if rows.is_empty() {
                return;
            }
        }
    }
}

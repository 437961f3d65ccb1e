//! Whether rows stand in an order that functions of their place can rely on.
//! Source: Microsoft's docs, serialize operator, "Serialization behavior of operators"; recorded refusals.

use super::Binder;
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::{Plan, PlanKind, SetOp, Stage, Window};
use crate::syntax::ast::{Name, OperatorKind};
use std::rc::Rc;

/// What the operator being bound does with the order of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowOrder {
    /// It gives no value by a row's place.
    Unused,
    /// It makes one row: `print`.
    OneRow,
    /// Its input is serialized.
    Serialized,
    /// It is not.
    Free,
}

impl RowOrder {
    /// Of an operator over its input.
    pub(super) fn of(operator: &OperatorKind, input: &Rc<Plan>) -> RowOrder {
        match operator {
            OperatorKind::Serialize(_) => RowOrder::Serialized,
            OperatorKind::Where(_) | OperatorKind::Extend(_) | OperatorKind::Project(_) => {
                if is_serialized(input) { RowOrder::Serialized } else { RowOrder::Free }
            }
            _ => RowOrder::Unused,
        }
    }
}

impl Binder<'_> {
    /// Runs with another order in force: a table inside an expression has rows of its own.
    pub(super) fn with_row_order<T>(&mut self, order: RowOrder, bind: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.row_order, order);
        let result = bind(self);
        self.row_order = outer;
        result
    }

    /// Whether a function of the row's place can stand here; if not, why.
    pub(super) fn check_row_order(&mut self, function: Window, name: &Name, span: Span) -> Option<()> {
        let name = &name.text;
        let (message, hint) = match self.row_order {
            RowOrder::Serialized => return Some(()),
            RowOrder::Free | RowOrder::OneRow if function.is_random() => return Some(()),
            RowOrder::Free => (
                format!("The function '{name}' needs rows in a fixed order; these are not serialized."),
                "put sort by … or serialize before it",
            ),
            RowOrder::Unused | RowOrder::OneRow => (
                format!(
                    "The function '{name}' cannot stand here; it can in extend, project, where and serialize."
                ),
                "give its value a column of its own first: extend",
            ),
        };
        self.report(Diagnostic::error("FP013", message, span).with_hint(hint));
        None
    }
}

/// Whether the rows of a plan are serialized: sorted, or marked by `serialize`, and not reordered since.
pub(super) fn is_serialized(plan: &Rc<Plan>) -> bool {
    let mut at = plan;
    loop {
        at = match &at.kind {
            PlanKind::Range(_) | PlanKind::Print(_) | PlanKind::Given(_) | PlanKind::Error => return true,
            PlanKind::Set(_, SetOp::Sort(_) | SetOp::Top(..) | SetOp::Window(_)) => return true,
            PlanKind::Stage(_, Stage::MvExpand(_)) => return false,
            PlanKind::Stage(input, _)
            | PlanKind::Set(
                input,
                SetOp::Take(_) | SetOp::Scan(_) | SetOp::MvApply(_) | SetOp::Partition(_),
            ) => input,
            PlanKind::Union(inputs) => return inputs.iter().all(|i| is_serialized(&i.plan)),
            PlanKind::Table(_)
            | PlanKind::Leaf(_)
            | PlanKind::Rows(_)
            | PlanKind::Set(..)
            | PlanKind::Join(_)
            | PlanKind::IpLookup(_)
            | PlanKind::Graph(_) => return false,
        };
    }
}

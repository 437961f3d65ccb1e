//! Plugins that count over windows of a timeline.

use super::Plugin;
use crate::bind::{Binder, Scope};
use crate::plan::{Activity, ActivityKind, Expr, Plan, PlanKind, SetOp};
use crate::syntax::ast::Argument;
use crate::value::{Column, Type, Value, compare, convert, text};
use std::rc::Rc;

impl Binder<'_> {
    /// The columns of the plugins over a timeline: it, the dimensions, what is counted.
    pub(super) fn activity_plan(
        &mut self,
        p: &Plugin<'_>,
        a: Activity,
        time_at: usize,
        dimensions: Vec<Column>,
        made: &[(&str, Type)],
    ) -> Rc<Plan> {
        let mut columns: Vec<Column> = p.input.columns.get(time_at).cloned().into_iter().collect();
        columns.extend(dimensions);
        columns.extend(made.iter().map(|(name, ty)| Column::new(name, *ty)));
        let kind = PlanKind::Set(Rc::clone(p.input), SetOp::Activity(Box::new(a)));
        Plan::new(kind, columns, p.span, p.input.open)
    }

    pub(super) fn dimensions(
        &mut self,
        p: &Plugin<'_>,
        args: &[Argument],
        scope: &Scope<'_>,
    ) -> Option<(Vec<Expr>, Vec<Column>)> {
        let (mut values, mut columns) = (Vec::new(), Vec::new());
        for a in args {
            let (i, e) = self.column_argument(a, scope, p.env)?;
            if e.ty == Type::Dynamic {
                let message = "The value of type 'dynamic' is not allowed in this context.";
                return self.error("KS116", message, e.span);
            }
            columns.extend(p.input.columns.get(i).cloned());
            values.push(e);
        }
        Some((values, columns))
    }

    /// A bound of a timeline, or a length along it.
    pub(super) fn along(&mut self, p: &Plugin<'_>, a: &Argument, time: Type, length: bool) -> Option<Expr> {
        let no_row = &self.no_row();
        let e = self.bind_scalar(&a.value, no_row, p.env)?;
        let want = if length && time == Type::DateTime { Type::Timespan } else { time };
        if e.ty == want || e.ty.is_number() && want.is_number() {
            return Some(e);
        }
        self.error("KS107", format!("A value of type {} expected.", want.name()), e.span)
    }

    /// The id and the timeline, with the place of the latter.
    fn timeline(
        &mut self,
        p: &Plugin<'_>,
        id: &Argument,
        time: &Argument,
        scope: &Scope<'_>,
    ) -> Option<(Expr, usize, Expr)> {
        let (_, id) = self.column_argument(id, scope, p.env)?;
        let (time_at, time) = self.column_argument(time, scope, p.env)?;
        if !time.ty.is_number() && !matches!(time.ty, Type::DateTime | Type::Timespan) {
            let message = "The argument value must be summable: a number, timespan or datetime.";
            return self.error("KS138", message, time.span);
        }
        Some((id, time_at, time))
    }

    /// `active_users_count(id, time, start, end, lookback, period, least, bin, dimensions…)`
    pub(super) fn active_users(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let [id, time, start, end, lookback, period, least, bin, rest @ ..] = p.args else {
            return self.wrong_arguments(
                p,
                "an id, a timeline, a start, an end, a lookback, a period, a number of periods and a bin size",
            );
        };
        let scope = &self.scope(&p.input.columns, p.input.open);
        let (id, time_at, time) = self.timeline(p, id, time, scope)?;
        let start = Some(self.along(p, start, time.ty, false)?);
        let end = Some(self.along(p, end, time.ty, false)?);
        let lookback = Some(self.along(p, lookback, time.ty, true)?);
        let period = Some(self.along(p, period, time.ty, true)?);
        let bin = self.along(p, bin, time.ty, true)?;
        let count = self.count_expr(&least.value, p.env)?;
        let Some(least) = count.as_const().and_then(Value::as_integer).and_then(convert::to_count) else {
            return self.error("FP013", "The number of periods must be a constant.", least.value.span);
        };
        let (dimensions, columns) = self.dimensions(p, rest, scope)?;
        let (name, kind) = ("active_users_count", ActivityKind::Active { least });
        let a = Activity { name, kind, id, time, start, end, bin, lookback, period, dimensions };
        Some(self.activity_plan(p, a, time_at, columns, &[("dcount", Type::Long)]))
    }

    /// `session_count(id, time, start, end, bin, lookback, dimensions…)` and its kin.
    pub(super) fn activity(&mut self, p: &Plugin<'_>, name: &'static str) -> Option<Rc<Plan>> {
        let (kind, made): (_, &[(&str, Type)]) = match name {
            "session_count" => (ActivityKind::Sessions, &[("count_sessions", Type::Long)]),
            "sliding_window_counts" => {
                (ActivityKind::Sliding, &[("Count", Type::Long), ("Dcount", Type::Long)])
            }
            _ => (
                ActivityKind::Counts,
                &[
                    ("count", Type::Long),
                    ("dcount", Type::Long),
                    ("new_dcount", Type::Long),
                    ("aggregated_dcount", Type::Long),
                ],
            ),
        };
        let [id, time, start, end, rest @ ..] = p.args else {
            return self.wrong_arguments(p, "an id, a timeline, a start, an end and a bin size");
        };
        // The size of a bin comes before the lookback in one, after it in the other.
        let (bin, lookback, rest) = match (kind, rest) {
            (ActivityKind::Counts, [bin, rest @ ..]) => (bin, None, rest),
            (ActivityKind::Sessions, [bin, lookback, rest @ ..]) => (bin, Some(lookback), rest),
            (_, [lookback, bin, rest @ ..]) => (bin, Some(lookback), rest),
            _ => return self.wrong_arguments(p, "a bin size and an optional lookback"),
        };
        let scope = &self.scope(&p.input.columns, p.input.open);
        let (id, time_at, time) = self.timeline(p, id, time, scope)?;
        let start = Some(self.along(p, start, time.ty, false)?);
        let end = Some(self.along(p, end, time.ty, false)?);
        let bin = self.along(p, bin, time.ty, true)?;
        let lookback = match lookback {
            Some(l) => Some(self.along(p, l, time.ty, true)?),
            None => None,
        };
        let (dimensions, columns) = self.dimensions(p, rest, scope)?;
        let a = Activity { name, kind, id, time, start, end, bin, lookback, period: None, dimensions };
        Some(self.activity_plan(p, a, time_at, columns, made))
    }

    /// `rolling_percentile(value, percentile, index, bin, bins, dimensions…)`
    pub(super) fn rolling_percentile(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let [value, percentile, index, bin, bins, rest @ ..] = p.args else {
            return self
                .wrong_arguments(p, "a value, a percentile, an index, a bin size and a number of bins");
        };
        let scope = &self.scope(&p.input.columns, p.input.open);
        let (at, id) = self.column_argument(value, scope, p.env)?;
        let (time_at, time) = self.column_argument(index, scope, p.env)?;
        let bin = self.along(p, bin, time.ty, true)?;
        let no_row = &self.no_row();
        let (percent, count) =
            (self.bind_scalar(&percentile.value, no_row, p.env)?, self.count_expr(&bins.value, p.env)?);
        let (Some(percent), Some(count)) =
            (percent.as_const().cloned(), count.as_const().and_then(Value::as_integer))
        else {
            return self.error("FP013", "The percentile and the number of bins must be constants.", p.span);
        };
        let (Some(rank), Ok(count @ 1..=10_000)) = (compare::real(&percent), u32::try_from(count)) else {
            return self.error("FP013", "A percentile, and 1 to 10000 bins expected.", p.span);
        };
        let (dimensions, columns) = self.dimensions(p, rest, scope)?;
        let kind = ActivityKind::Percentile { percent: rank, bins: count };
        let value = p.input.columns.get(at).map(|c| Rc::clone(&c.name)).unwrap_or_default();
        let ty = id.ty;
        let name = "rolling_percentile";
        let (start, end, lookback, period) = (None, None, None, None);
        let a = Activity { name, kind, id, time, start, end, bin, lookback, period, dimensions };
        let text = text::scalar(&percent).replace('.', "_");
        let made = format!("rolling_{count}_percentile_{value}_{text}");
        Some(self.activity_plan(p, a, time_at, columns, &[(&made, ty)]))
    }
}

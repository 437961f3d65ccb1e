//! Pipelines that run again and again, each time over other rows: inside `mv-apply` and `partition`.

use super::name::Namer;
use super::{Binder, Binding, Env};
use crate::diagnostic::Span;
use crate::plan::{Partition, Plan, PlanKind, SetOp, Subquery};
use crate::syntax::ast::{ExprKind as Ast, Named, Operator, Parameter, PartitionBody};
use crate::value::Column;
use std::rc::Rc;

/// How many keys `partition` takes without a strategy that says otherwise. Source: Microsoft's docs.
const MOST_PARTITIONS: usize = 64;

impl Binder<'_> {
    /// A place that rows are put in when it runs.
    pub(super) fn given(&mut self, columns: Vec<Column>, span: Span, open: bool) -> (usize, Rc<Plan>) {
        self.scopes += 1;
        let id = self.scopes as usize;
        (id, Plan::new(PlanKind::Given(id), columns, span, open))
    }

    /// Operators over rows of these columns.
    pub(super) fn subquery(
        &mut self,
        columns: Vec<Column>,
        open: bool,
        operators: &[Operator],
        span: Span,
        env: &Env,
    ) -> Option<Subquery> {
        let (given, source) = self.given(columns, span, open);
        let plan = self.deeper(span, |b| b.operators(source, operators, env))?;
        Some(Subquery { plan, given })
    }

    pub(super) fn partition(
        &mut self,
        input: &Rc<Plan>,
        parameters: &[Parameter],
        key: &Named,
        body: &PartitionBody,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let mut most = MOST_PARTITIONS;
        for p in parameters {
            match (&*p.name.text, &p.value.kind) {
                ("hint.strategy", Ast::Name(s)) if matches!(&**s, "native" | "shuffle") => most = usize::MAX,
                _ => self.bad_parameter(p),
            }
        }
        let Ast::Name(name) = &key.value.kind else {
            return self.error("KS109", "Column name expected.", key.value.span);
        };
        let scope = &self.scope(&input.columns, input.open);
        let bound = self.key(key, scope, env, &mut Namer::new());
        let Some((column, key)) = bound else {
            // The body is checked even so.
            if let PartitionBody::Operators(operators) = body {
                self.subquery(input.columns.clone(), true, operators, span, env);
            }
            return None;
        };
        let (key_given, key_table) = self.given(vec![column], span, false);
        let body = match body {
            PartitionBody::Operators(operators) => {
                self.subquery(input.columns.clone(), input.open, operators, span, env)?
            }
            PartitionBody::Query(query) => {
                let env = env.with(name, Binding::Table(key_table), false);
                let (given, _) = self.given(Vec::new(), span, false);
                Subquery { plan: self.deeper(span, |b| b.bind_table(query, &env))?, given }
            }
        };
        let (columns, open) = (body.plan.columns.clone(), body.plan.open);
        let partition = Partition { key, body, key_given, most };
        let kind = PlanKind::Set(Rc::clone(input), SetOp::Partition(Box::new(partition)));
        Some(Plan::new(kind, columns, span, open))
    }
}

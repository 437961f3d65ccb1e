//! `ipv4_lookup`, `ipv6_lookup`.

use super::Plugin;
use crate::bind::{Binder, Bound, name};
use crate::plan::{IpLookup, Plan, PlanKind};
use crate::syntax::ast::ExprKind as Ast;
use crate::value::{Column, Type};
use std::rc::Rc;

impl Binder<'_> {
    /// `ipv4_lookup(table, address, network, keys…, return_unmatched)` and its IPv6 form, whose columns Kusto puts
    /// the other way round.
    pub(super) fn ip_lookup(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let (input, env, span) = (p.input, p.env, p.span);
        let [table, address, network, rest @ ..] = p.args else {
            return self.wrong_arguments(p, "a table, a column of addresses and a column of networks");
        };
        let no_row = &self.no_row();
        let right = match self.bind_any(&table.value, no_row, env)? {
            Bound::Table(plan) => plan,
            _ => return self.error("KS204", "A tabular value expected.", table.value.span),
        };
        let left_scope = &self.scope(&input.columns, input.open);
        let (_, left_key) = self.column_argument(address, left_scope, env)?;
        let right_scope = &self.scope(&right.columns, right.open);
        let (_, right_key) = self.column_argument(network, right_scope, env)?;
        for e in [&left_key, &right_key] {
            if e.ty != Type::String {
                return self.error("KS141", "The expression must have the type string.", e.span);
            }
        }
        let (mut extra, mut dropped, mut unmatched) = (Vec::new(), Vec::new(), false);
        for a in rest {
            let flag = a.name.as_ref().is_some_and(|n| &*n.text == "return_unmatched")
                || matches!(a.value.kind, Ast::Literal(Type::Bool, _));
            if flag {
                unmatched = self.constant_argument(&a.value, Type::Bool, env)?.is_true();
                continue;
            }
            let (_, l) = self.column_argument(a, left_scope, env)?;
            let (i, r) = self.column_argument(a, right_scope, env)?;
            if l.ty != r.ty || l.ty == Type::Dynamic {
                let message =
                    format!("Inconsistent data types for join keys: ({}, {})", l.ty.name(), r.ty.name());
                return self.error("KS242", message, a.value.span);
            }
            dropped.push(i);
            extra.push((l, r));
        }
        let right_columns: Vec<usize> = (0..right.columns.len()).filter(|i| !dropped.contains(i)).collect();
        let mut namer = name::Namer::new();
        let mut columns = input.columns.clone();
        columns.iter().for_each(|c| namer.take(&c.name));
        for i in &right_columns {
            if let Some(c) = right.columns.get(*i) {
                columns.push(Column::new(&namer.take_free(&c.name), c.ty));
            }
        }
        let open = input.open || right.open;
        let lookup = IpLookup {
            left: Rc::clone(input),
            left_key,
            right_key,
            extra,
            right_types: right_columns.iter().filter_map(|i| right.columns.get(*i)).map(|c| c.ty).collect(),
            right_columns,
            right,
            unmatched,
        };
        let width = columns.len();
        let plan = Plan::new(PlanKind::IpLookup(Box::new(lookup)), columns, span, open);
        if &*p.name.text == "ipv4_lookup" {
            return Some(plan);
        }
        let order: Vec<usize> = (input.columns.len()..width).chain(0..input.columns.len()).collect();
        Some(self.pick(&plan, &order, span))
    }
}

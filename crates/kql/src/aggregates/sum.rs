//! Sums and means.

use super::{Aggregate, PREDICATE, SUMMABLE, State, first, saved_long, value};
use crate::functions::Naming;
use crate::value::codec::Decoder;
use crate::value::{Decimal, Type, Value, compare};

/// The family.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("avg"(SUMMABLE) -> averaged, Naming::Prefix("avg"),
        "Returns the mean.", [("avg(x)", "1.6666666666666667")], mean),
    aggregate!("avgif"(SUMMABLE, PREDICATE) -> averaged, Naming::Prefix("avgif"),
        "Returns the mean of the rows where the predicate is true.", [("avgif(x, x > 1)", "2")], mean),
    aggregate!("sum"(SUMMABLE) -> summed, Naming::Prefix("sum"),
        "Returns the sum.", [("sum(x)", "5")], sum),
    aggregate!("sumif"(SUMMABLE, PREDICATE) -> summed, Naming::Prefix("sumif"),
        "Returns the sum of the rows where the predicate is true.", [("sumif(x, x > 1)", "4")], sum),
];

fn summed(types: &[Type]) -> Type {
    match first(types) {
        Type::Int => Type::Long,
        other => other,
    }
}

fn averaged(types: &[Type]) -> Type {
    match first(types) {
        Type::Int | Type::Long | Type::Dynamic => Type::Real,
        other => other,
    }
}

fn sum(types: &[Type]) -> Box<dyn State> {
    match first(types) {
        Type::Real | Type::Dynamic => Box::new(RealSum(0.0)),
        Type::Decimal => Box::new(DecimalSum(Decimal::ZERO)),
        _ => Box::new(WholeSum(0)),
    }
}

fn mean(types: &[Type]) -> Box<dyn State> {
    match averaged(types) {
        Type::Decimal => Box::new(DecimalMean(Decimal::ZERO, 0)),
        _ if first(types).is_integer() => Box::new(WholeMean(0, 0)),
        _ => Box::new(Mean(0.0, 0)),
    }
}

/// A sum of whole numbers or ticks.
struct WholeSum(i64);

impl State for WholeSum {
    fn update(&mut self, args: &[Value]) {
        let n = match value(args) {
            Value::Timespan(t) | Value::DateTime(t) => Some(*t),
            v => v.as_integer(),
        };
        self.0 = self.0.wrapping_add(n.unwrap_or(0));
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.0.to_le_bytes());
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        self.0 = self.0.wrapping_add(saved_long(saved)?);
        Some(())
    }

    fn finish(self: Box<Self>, ty: Type, _: usize) -> Vec<Value> {
        vec![match ty {
            Type::Timespan => Value::Timespan(self.0),
            Type::DateTime => Value::DateTime(self.0),
            _ => Value::Long(self.0),
        }]
    }
}

/// A sum of reals.
struct RealSum(f64);

impl State for RealSum {
    fn update(&mut self, args: &[Value]) {
        self.0 += compare::real(value(args)).unwrap_or(0.0);
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::Real(self.0)]
    }
}

/// A sum of decimals; what would overflow it is left out.
struct DecimalSum(Decimal);

impl State for DecimalSum {
    fn update(&mut self, args: &[Value]) {
        if let Some(total) = compare::decimal(value(args)).and_then(|d| self.0.checked_add(d)) {
            self.0 = total;
        }
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::Decimal(self.0)]
    }
}

/// A sum of numbers or ticks, and how many.
struct Mean(f64, i64);

impl State for Mean {
    fn update(&mut self, args: &[Value]) {
        let x = match value(args) {
            Value::Timespan(t) | Value::DateTime(t) => Some(*t as f64),
            v => compare::real(v),
        };
        if let Some(x) = x {
            self.0 += x;
            self.1 += 1;
        }
    }

    fn finish(self: Box<Self>, ty: Type, _: usize) -> Vec<Value> {
        let Mean(sum, n) = *self;
        vec![match ty {
            Type::Real if n == 0 => Value::Real(f64::NAN),
            _ if n == 0 => Value::Null,
            Type::Timespan => Value::Timespan((sum / n as f64) as i64),
            Type::DateTime => Value::DateTime((sum / n as f64) as i64),
            _ => Value::Real(sum / n as f64),
        }]
    }
}

/// A sum of whole numbers, and how many. The sum wraps as that of `sum` does.
struct WholeMean(i64, i64);

impl State for WholeMean {
    fn update(&mut self, args: &[Value]) {
        if let Some(n) = value(args).as_integer() {
            self.0 = self.0.wrapping_add(n);
            self.1 += 1;
        }
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.0.to_le_bytes());
        out.extend_from_slice(&self.1.to_le_bytes());
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        self.0 = self.0.wrapping_add(saved_long(saved)?);
        self.1 += saved_long(saved)?;
        Some(())
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::Real(self.0 as f64 / self.1 as f64)]
    }
}

/// A sum of decimals, and how many.
struct DecimalMean(Decimal, i64);

impl State for DecimalMean {
    fn update(&mut self, args: &[Value]) {
        if let Some(total) = compare::decimal(value(args)).and_then(|d| self.0.checked_add(d)) {
            self.0 = total;
            self.1 += 1;
        }
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        // Nothing over nothing is null.
        vec![self.0.checked_div(Decimal::from(self.1)).map_or(Value::Null, Value::Decimal)]
    }
}

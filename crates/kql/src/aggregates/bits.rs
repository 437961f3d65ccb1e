//! Bits of whole numbers combined.

use super::{Aggregate, State, first, value};
use crate::functions::{Naming, integer};
use crate::value::codec::{self, Decoder};
use crate::value::{Type, Value, convert};

/// The family.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("binary_all_and"(integer("expr")) -> first, Naming::FirstArgument,
        "Returns the bits that are set in all values.", [("binary_all_and(x)", "0")],
        |_| Bits::of(|a, b| a & b)),
    aggregate!("binary_all_or"(integer("expr")) -> first, Naming::FirstArgument,
        "Returns the bits that are set in any value.", [("binary_all_or(x)", "3")],
        |_| Bits::of(|a, b| a | b)),
    aggregate!("binary_all_xor"(integer("expr")) -> first, Naming::FirstArgument,
        "Returns the bits that are set in an odd number of values.", [("binary_all_xor(x)", "1")],
        |_| Bits::of(|a, b| a ^ b)),
];

/// The bits so far, and how the next are combined with them.
struct Bits {
    combine: fn(i64, i64) -> i64,
    bits: Option<i64>,
}

impl Bits {
    fn of(combine: fn(i64, i64) -> i64) -> Box<dyn State> {
        Box::new(Bits { combine, bits: None })
    }
}

impl State for Bits {
    fn update(&mut self, args: &[Value]) {
        if let Value::Long(n) = convert::to_long(value(args)) {
            self.bits = Some(self.bits.map_or(n, |bits| (self.combine)(bits, n)));
        }
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        let bits = self.bits.map(Value::Long);
        codec::write_row(bits.as_slice(), out);
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        let bits = saved.row()?;
        if !bits.is_empty() {
            self.update(&bits);
        }
        Some(())
    }

    fn finish(self: Box<Self>, ty: Type, _: usize) -> Vec<Value> {
        let bits = self.bits.unwrap_or(0);
        vec![if ty == Type::Int { Value::Int(bits as i32) } else { Value::Long(bits) }]
    }
}

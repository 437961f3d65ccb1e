//! The aggregates of `summarize`: one table of [`Aggregate`]s per family, and beside it the states they keep. What
//! each yields over no rows is in docs/semantics.md#summarize.

/// One entry of a family's table: the fields of [`Aggregate`] in order.
macro_rules! aggregate {
    ($name:literal ($($param:expr),* $(,)?) -> $returns:expr, $naming:expr, $doc:literal,
     [$($example:expr),* $(,)?], $new:expr $(,)?) => {
        Aggregate {
            name: $name,
            params: &[$($param),*],
            returns: $returns,
            naming: $naming,
            doc: $crate::functions::documented($doc),
            examples: if cfg!(target_arch = "wasm32") { &[] } else { &[$($example),*] },
            new: $new,
        }
    };
}

mod bits;
mod collect;
pub mod columns;
mod count;
mod extreme;
mod percentile;
mod schema;
mod sketch;
mod spread;
mod sum;

use crate::functions::{Kind, Naming, Param, boolean, integer, optional, scalar, summable};
use crate::value::codec::Decoder;
use crate::value::{Type, Value};

/// An aggregate.
pub struct Aggregate {
    /// As queries write it.
    pub name: &'static str,
    /// Its parameters in order. A predicate among them decides which rows count.
    pub params: &'static [Param],
    /// The type of its result from the types of its arguments.
    pub returns: fn(&[Type]) -> Type,
    /// How its column is called without a name.
    pub naming: Naming,
    /// One line.
    pub doc: &'static str,
    /// What `datatable(x:long, s:string)[1,'a', 2,'b', 2,'b'] | summarize …` yields; run as tests.
    pub examples: &'static [(&'static str, &'static str)],
    /// The empty state, from the types of the arguments.
    pub new: fn(&[Type]) -> Box<dyn State>,
}

/// What an aggregate keeps of the rows of a group.
pub trait State {
    /// Whether rows come to it whose first argument is null. Aggregates skip nulls: most are not asked.
    fn takes_nulls(&self) -> bool {
        false
    }

    /// Takes a row's arguments in, without the predicate.
    fn update(&mut self, args: &[Value]);

    /// How many values it keeps, each as large as what it was given.
    fn kept(&self) -> usize {
        0
    }

    /// Appends what it keeps, for [`merge`](State::merge); false if that does not do: a sum of reals depends on the order of all rows.
    /// A state without rows says the same as any later one of its aggregate.
    fn save(&self, _out: &mut Vec<u8>) -> bool {
        false
    }

    /// Takes in what another state of its aggregate has [saved](State::save), whose rows come behind its own. `None` if it is
    /// something else.
    fn merge(&mut self, _saved: &mut Decoder<'_>) -> Option<()> {
        None
    }

    /// The results, one a column; `ty` is the type of the first, `width` how many there are.
    fn finish(self: Box<Self>, ty: Type, width: usize) -> Vec<Value>;
}

impl Aggregate {
    /// Where its predicate stands among the arguments.
    pub fn predicate_index(&self) -> Option<usize> {
        self.params.iter().position(|p| p.kind == Kind::Bool)
    }
}

/// Every family.
static FAMILIES: &[&[Aggregate]] = &[
    bits::AGGREGATES,
    collect::AGGREGATES,
    count::AGGREGATES,
    extreme::AGGREGATES,
    percentile::AGGREGATES,
    schema::AGGREGATES,
    sketch::AGGREGATES,
    spread::AGGREGATES,
    sum::AGGREGATES,
];

/// The aggregate of a name.
pub fn find(name: &str) -> Option<&'static Aggregate> {
    FAMILIES.iter().copied().flatten().find(|a| a.name == name)
}

/// Every aggregate, sorted by name.
pub fn sorted() -> Vec<&'static Aggregate> {
    let mut all: Vec<&Aggregate> = FAMILIES.iter().copied().flatten().collect();
    all.sort_by_key(|a| a.name);
    all
}

/// How many items `make_list` and its kin keep unless told otherwise. Source: Microsoft's docs.
const MAX_ITEMS: usize = 1_048_576;

const EXPR: Param = scalar("expr");
const SUMMABLE: Param = summable("expr");
const PREDICATE: Param = boolean("predicate");
const ACCURACY: Param = optional(integer("accuracy"));

fn long(_: &[Type]) -> Type {
    Type::Long
}

fn real(_: &[Type]) -> Type {
    Type::Real
}

fn dynamic_type(_: &[Type]) -> Type {
    Type::Dynamic
}

fn first(types: &[Type]) -> Type {
    types.first().copied().unwrap_or(Type::Dynamic)
}

/// The first argument.
fn value(args: &[Value]) -> &Value {
    args.first().unwrap_or(&Value::Null)
}

/// A number that a state has saved.
fn saved_long(saved: &mut Decoder<'_>) -> Option<i64> {
    saved.fixed().map(i64::from_le_bytes)
}

/// The weight that the second argument gives a value; one without.
fn weight(args: &[Value]) -> i64 {
    args.get(1).map_or(1, |w| w.as_integer().unwrap_or(0))
}

//! Percentiles, plain and weighted.

use super::{Aggregate, EXPR, State, dynamic_type, first, value, weight};
use crate::functions::call::list_items;
use crate::functions::{Naming, Param, integer, number, repeated, scalar};
use crate::value::percentile::Ranking;
use crate::value::{Type, Value, compare};

const WEIGHT: Param = integer("weight");

/// The family.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("percentile"(EXPR, number("percentile")) -> first, Naming::None,
        "Returns the value at a percentile, by nearest rank.", [("percentile(x, 50)", "2")],
        |_| Percentiles::plain(Shape::Columns)),
    aggregate!("percentiles"(EXPR, repeated(number("percentile"))) -> first, Naming::None,
        "Returns the values at several percentiles, one column each.", [("percentiles(x, 50)", "2")],
        |_| Percentiles::plain(Shape::Columns)),
    aggregate!("percentiles_array"(EXPR, repeated(scalar("percentile"))) -> dynamic_type, Naming::None,
        "Returns an array of the values at several percentiles.", [("percentiles_array(x, 0, 100)", "[1,2]")],
        |_| Percentiles::plain(Shape::Array)),
    aggregate!("percentilesw"(EXPR, WEIGHT, repeated(number("percentile"))) -> first, Naming::None,
        "Returns the weighted values at several percentiles, one column each.",
        [("percentilesw(x, x, 50)", "2")], |_| Percentiles::weighted(Shape::Columns)),
    aggregate!("percentilesw_array"(EXPR, WEIGHT, repeated(scalar("percentile"))) -> dynamic_type, Naming::None,
        "Returns an array of the weighted values at several percentiles.",
        [("percentilesw_array(x, x, 0, 100)", "[1,2]"), ("percentilesw_array(x, x, dynamic([50]))", "[2]")],
        |_| Percentiles::weighted(Shape::Array)),
    aggregate!("percentilew"(EXPR, WEIGHT, number("percentile")) -> first, Naming::None,
        "Returns the value at a percentile. The weight says how often each value counts.",
        [("percentilew(x, 10 - 4 * x, 50)", "1")], |_| Percentiles::weighted(Shape::Columns)),
];

/// How percentiles come out.
enum Shape {
    Columns,
    Array,
}

/// The values, and the percentiles asked for.
struct Percentiles {
    shape: Shape,
    weighted: bool,
    percents: Vec<Option<f64>>,
    values: Ranking,
}

impl Percentiles {
    fn plain(shape: Shape) -> Box<dyn State> {
        Box::new(Percentiles { shape, weighted: false, percents: Vec::new(), values: Ranking::default() })
    }

    fn weighted(shape: Shape) -> Box<dyn State> {
        Box::new(Percentiles { shape, weighted: true, percents: Vec::new(), values: Ranking::default() })
    }
}

impl State for Percentiles {
    fn update(&mut self, args: &[Value]) {
        let before = if self.weighted { 2 } else { 1 };
        if self.percents.is_empty() {
            // They are constants: any row says them.
            self.percents = args.iter().skip(before).flat_map(list_items).map(compare::real).collect();
        }
        self.values.add(value(args).clone(), if self.weighted { weight(args) } else { 1 });
    }

    fn kept(&self) -> usize {
        self.values.len()
    }

    fn finish(self: Box<Self>, ty: Type, width: usize) -> Vec<Value> {
        let Percentiles { shape, percents, mut values, .. } = *self;
        values.sort();
        match shape {
            Shape::Array => {
                vec![Value::array(percents.into_iter().flatten().map(|percent| values.at(percent)).collect())]
            }
            Shape::Columns if values.is_empty() => vec![ty.missing(); width],
            // What is no number has no percentile, and its column stays.
            Shape::Columns => {
                percents.into_iter().map(|p| p.map_or_else(|| ty.missing(), |p| values.at(p))).collect()
            }
        }
    }
}

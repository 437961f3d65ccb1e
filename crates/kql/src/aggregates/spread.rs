//! Standard deviation, variance and covariance.

use super::{Aggregate, PREDICATE, State, real, value};
use crate::functions::{Naming, number};
use crate::value::{Type, Value, compare};

/// What is taken from the number of rows before it divides: one for a sample.
const SAMPLE: i64 = 1;
/// And none for a population.
const POPULATION: i64 = 0;

/// The family.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("covariance"(number("x"), number("y")) -> real, Naming::TwoArguments("covariance"),
        "Returns the sample covariance.", [("round(covariance(x, x * 2), 9)", "0.666666667")],
        |_| Covariance::of(SAMPLE)),
    aggregate!("covarianceif"(number("x"), number("y"), PREDICATE) -> real, Naming::TwoArguments("covarianceif"),
        "Returns the sample covariance of the rows where the predicate is true.",
        [("covarianceif(x, x * 2, x > 1)", "0")], |_| Covariance::of(SAMPLE)),
    aggregate!("covariancep"(number("x"), number("y")) -> real, Naming::TwoArguments("covariancep"),
        "Returns the population covariance.", [("round(covariancep(x, x * 2), 9)", "0.444444444")],
        |_| Covariance::of(POPULATION)),
    aggregate!("covariancepif"(number("x"), number("y"), PREDICATE) -> real, Naming::TwoArguments("covariancepif"),
        "Returns the population covariance of the rows where the predicate is true.",
        [("covariancepif(x, x * 2, x > 1)", "0")], |_| Covariance::of(POPULATION)),
    aggregate!("stdev"(number("expr")) -> real, Naming::Prefix("stdev"),
        "Returns the sample standard deviation.", [("round(stdev(x), 9)", "0.577350269")],
        |_| Spread::of(SAMPLE, f64::sqrt)),
    aggregate!("stdevif"(number("expr"), PREDICATE) -> real, Naming::Prefix("stdevif"),
        "Returns the sample standard deviation of the rows where the predicate is true.",
        [("stdevif(x, x > 1)", "0")], |_| Spread::of(SAMPLE, f64::sqrt)),
    aggregate!("stdevp"(number("expr")) -> real, Naming::Prefix("stdevp"),
        "Returns the population standard deviation.", [("stdevp(x)", "0.4714045207910317")],
        |_| Spread::of(POPULATION, f64::sqrt)),
    aggregate!("variance"(number("expr")) -> real, Naming::Prefix("variance"),
        "Returns the sample variance.", [("variance(x)", "0.3333333333333333")],
        |_| Spread::of(SAMPLE, |variance| variance)),
    aggregate!("varianceif"(number("expr"), PREDICATE) -> real, Naming::Prefix("varianceif"),
        "Returns the sample variance of the rows where the predicate is true.",
        [("varianceif(x, x > 1)", "0")], |_| Spread::of(SAMPLE, |variance| variance)),
    aggregate!("variancep"(number("expr")) -> real, Naming::Prefix("variancep"),
        "Returns the population variance.", [("variancep(x)", "0.2222222222222222")],
        |_| Spread::of(POPULATION, |variance| variance)),
    aggregate!("variancepif"(number("expr"), PREDICATE) -> real, Naming::Prefix("variancepif"),
        "Returns the population variance of the rows where the predicate is true.",
        [("variancepif(x, x > 1)", "0")], |_| Spread::of(POPULATION, |variance| variance)),
];

fn share(sum: f64, n: i64) -> f64 {
    if n > 0 { sum / n as f64 } else { 0.0 }
}

/// Count, mean and sum of squared differences (Welford).
struct Spread {
    less: i64,
    measure: fn(f64) -> f64,
    n: i64,
    mean: f64,
    sum: f64,
}

impl Spread {
    /// The measure is made of the variance.
    fn of(less: i64, measure: fn(f64) -> f64) -> Box<dyn State> {
        Box::new(Spread { less, measure, n: 0, mean: 0.0, sum: 0.0 })
    }
}

impl State for Spread {
    fn update(&mut self, args: &[Value]) {
        if let Some(x) = compare::real(value(args)) {
            self.n += 1;
            let delta = x - self.mean;
            self.mean += delta / self.n as f64;
            self.sum += delta * (x - self.mean);
        }
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::Real((self.measure)(share(self.sum, self.n - self.less)))]
    }
}

/// Count, both means and the sum of the products of differences.
struct Covariance {
    less: i64,
    n: i64,
    means: (f64, f64),
    sum: f64,
}

impl Covariance {
    fn of(less: i64) -> Box<dyn State> {
        Box::new(Covariance { less, n: 0, means: (0.0, 0.0), sum: 0.0 })
    }
}

impl State for Covariance {
    fn update(&mut self, args: &[Value]) {
        if let (Some(x), Some(y)) = (compare::real(value(args)), args.get(1).and_then(compare::real)) {
            self.n += 1;
            let (mx, my) = &mut self.means;
            let dx = x - *mx;
            *mx += dx / self.n as f64;
            *my += (y - *my) / self.n as f64;
            self.sum += dx * (y - *my);
        }
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::Real(share(self.sum, self.n - self.less))]
    }
}

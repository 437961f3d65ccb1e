//! Percentiles of weighted values, and the digest that holds them as a value: `[[value, weight], …]`.

use super::{Value, compare};

/// Values with their weights.
#[derive(Default)]
pub struct Ranking {
    items: Vec<(Value, i64)>,
    /// For each item its weight and that of all before it; made by [`Ranking::sort`].
    sums: Vec<i128>,
}

impl Ranking {
    /// How many values there are, whatever their weights.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds a value. Without weight it does not count.
    pub fn add(&mut self, v: Value, weight: i64) {
        if weight > 0 {
            self.items.push((v, weight));
        }
    }

    /// Adds the values of a digest; what is no such thing has none.
    pub fn merge(&mut self, digest: &Value) {
        for item in digest.as_array().unwrap_or_default() {
            if let Some([v, weight]) = item.as_array() {
                self.items.push((v.clone(), weight.as_integer().unwrap_or(0).max(0)));
            }
        }
    }

    /// Brings the values in order, for [`Ranking::at`].
    pub fn sort(&mut self) {
        self.items.sort_by(|(a, _), (b, _)| compare::order(a, b));
        let sum = |sum: &mut i128, (_, weight): &(Value, i64)| {
            *sum += i128::from(*weight);
            Some(*sum)
        };
        self.sums = self.items.iter().scan(0, sum).collect();
    }

    /// The value at a percentile of the sorted values. Source: Microsoft's docs, percentiles: nearest rank.
    pub fn at(&self, percent: f64) -> Value {
        let total = self.sums.last().copied().unwrap_or_default();
        let rank = ((percent / 100.0 * total as f64).ceil() as i128).max(1);
        let at = self.sums.partition_point(|sum| *sum < rank);
        self.items.get(at).or(self.items.last()).map(|(v, _)| v.clone()).unwrap_or_default()
    }

    /// The values in order, equal ones as one with their weights together; null for none.
    pub fn digest(mut self) -> Value {
        if self.items.is_empty() {
            return Value::Null;
        }
        self.sort();
        let mut merged: Vec<(Value, i64)> = Vec::new();
        for (v, weight) in self.items {
            match merged.last_mut() {
                Some((last, sum)) if compare::order(last, &v).is_eq() => *sum = sum.saturating_add(weight),
                _ => merged.push((v, weight)),
            }
        }
        let pair = |(v, w): (Value, i64)| Value::array(vec![v, Value::Long(w)]);
        Value::array(merged.into_iter().map(pair).collect())
    }
}

/// The values of a digest in order; none for what is no such thing.
pub fn of_digest(digest: &Value) -> Ranking {
    let mut ranking = Ranking::default();
    ranking.merge(digest);
    ranking.sort();
    ranking
}

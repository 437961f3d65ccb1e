//! Percentiles of weighted values, and the digest that holds them as a value: `[[value, weight], …]`.

use super::{Value, compare};

/// Values with their weights.
#[derive(Default)]
pub struct Ranking(Vec<(Value, i64)>);

impl Ranking {
    /// How many values there are, whatever their weights.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a value. Without weight it does not count.
    pub fn add(&mut self, v: Value, weight: i64) {
        if weight > 0 {
            self.0.push((v, weight));
        }
    }

    /// Adds the values of a digest; what is no such thing has none.
    pub fn merge(&mut self, digest: &Value) {
        for item in digest.as_array().unwrap_or_default() {
            if let Some([v, weight]) = item.as_array() {
                self.0.push((v.clone(), weight.as_integer().unwrap_or(0).max(0)));
            }
        }
    }

    /// Brings the values in order, for [`Ranking::at`].
    pub fn sort(&mut self) {
        self.0.sort_by(|(a, _), (b, _)| compare::order(a, b));
    }

    /// The value at a percentile of the sorted values. Source: Microsoft's docs, percentiles: nearest rank.
    pub fn at(&self, percent: f64) -> Value {
        let total: i128 = self.0.iter().map(|(_, w)| i128::from(*w)).sum();
        let rank = ((percent / 100.0 * total as f64).ceil() as i128).max(1);
        let mut below = 0;
        for (v, weight) in &self.0 {
            below += i128::from(*weight);
            if below >= rank {
                return v.clone();
            }
        }
        self.0.last().map(|(v, _)| v.clone()).unwrap_or_default()
    }

    /// The values in order, equal ones as one with their weights together; null for none.
    pub fn digest(mut self) -> Value {
        if self.0.is_empty() {
            return Value::Null;
        }
        self.sort();
        let mut merged: Vec<(Value, i64)> = Vec::new();
        for (v, weight) in self.0 {
            match merged.last_mut() {
                Some((last, sum)) if compare::order(last, &v).is_eq() => *sum = sum.saturating_add(weight),
                _ => merged.push((v, weight)),
            }
        }
        let pair = |(v, w): (Value, i64)| Value::array(vec![v, Value::Long(w)]);
        Value::array(merged.into_iter().map(pair).collect())
    }
}

/// The value at a percentile of a digest; null for what is no such thing.
pub fn digest_percentile(digest: &Value, percent: f64) -> Value {
    let mut ranking = Ranking::default();
    ranking.merge(digest);
    ranking.sort();
    ranking.at(percent)
}

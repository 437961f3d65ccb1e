//! Vectors of what iterators yield. The standard library's `collect` becomes several functions for each iterator, and so for each
//! closure, where the compiler inlines nothing; each of these is one: a thirtieth of the module (ARCHITECTURE.md, "Size").

/// Ends a chain of iterators, in place of `collect`.
pub trait Collect: Iterator + Sized {
    /// All items.
    fn collect_vec(self) -> Vec<Self::Item> {
        let mut out = Vec::with_capacity(self.size_hint().0);
        for item in self {
            out.push(item);
        }
        out
    }

    /// All items, if there are only such; goes no further than the first `None`.
    fn collect_some<T>(self) -> Option<Vec<T>>
    where
        Self: Iterator<Item = Option<T>>,
    {
        let mut out = Vec::new();
        for item in self {
            out.push(item?);
        }
        Some(out)
    }

    /// All items, or the first error.
    fn collect_ok<T, E>(self) -> Result<Vec<T>, E>
    where
        Self: Iterator<Item = Result<T, E>>,
    {
        let mut out = Vec::new();
        for item in self {
            out.push(item?);
        }
        Ok(out)
    }
}

impl<I: Iterator> Collect for I {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!([1, 2].into_iter().collect_vec(), [1, 2]);
        let mut seen = 0;
        let halves = [2, 3, 4].map(|n| (n % 2 == 0).then_some(n / 2));
        assert_eq!(halves.into_iter().inspect(|_| seen += 1).collect_some(), None);
        assert_eq!(seen, 2);
        assert_eq!([Some(1)].into_iter().collect_some(), Some(vec![1]));
        assert_eq!([Ok(1), Err("no"), Err("later")].into_iter().collect_ok(), Err("no"));
        assert_eq!([Ok::<_, ()>(1)].into_iter().collect_ok(), Ok(vec![1]));
    }
}

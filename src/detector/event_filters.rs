//! The filters of a leaf over events, and which of an event's columns they read.

use cloudtrail::table::aws_cloudtrail::{self, ColumnDef};
use kql::plan::split::Leaf;
use kql::plan::{Expr, ExprKind, Stage};
use kql::value::Type;

/// Which of the table's columns each column is, where a filter stands; none for what a stage has made.
pub struct Places(Vec<Option<usize>>);

impl Places {
    /// The text column of the event that a filter reads here.
    pub fn text_column(&self, at: usize) -> Option<&'static ColumnDef> {
        let at = self.0.get(at).copied().flatten()?;
        aws_cloudtrail::columns().get(at).filter(|column| column.ty == Type::String)
    }
}

/// Hands each filter to `see`, with the columns where it stands: each row that comes out has passed them all.
pub fn for_each_filter(leaf: &Leaf, mut see: impl FnMut(&Expr, &Places)) {
    let mut places = Places((0..aws_cloudtrail::columns().len()).map(Some).collect());
    for stage in &leaf.stages {
        match stage {
            Stage::Where(e) => see(e, &places),
            Stage::Extend(sets) => {
                for (at, _) in sets {
                    if let Some(place) = places.0.get_mut(*at) {
                        *place = None;
                    }
                }
            }
            Stage::Project(values) => {
                let place = |e: &Expr| match e.kind {
                    ExprKind::Column(at) => places.0.get(at).copied().flatten(),
                    _ => None,
                };
                places = Places(values.iter().map(place).collect());
            }
            // After any other stage an index means another column.
            _ => break,
        }
    }
}

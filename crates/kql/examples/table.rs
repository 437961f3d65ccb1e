//! A query over a table of one's own: `cargo run -p kql --example table`.

use kql::Engine;
use kql::value::{Column, Type, Value, text};
use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let columns = vec![Column::new("City", Type::String), Column::new("Degrees", Type::Real)];
    let rows = [("Oslo", 3.5), ("Rome", 17.0), ("Oslo", 5.5)];
    let rows = rows.map(|(city, degrees)| vec![Value::text(city), Value::Real(degrees)]).to_vec();
    let engine = Engine::new().table("Weather", columns, rows);

    let query = "Weather | summarize Mean = avg(Degrees), Days = count() by City | sort by Mean desc";
    let answer = engine.query(query)?;

    let mut out = std::io::stdout();
    for row in &answer.rows {
        for (column, value) in answer.columns.iter().zip(&row.values) {
            write!(out, "{} = {}  ", column.name, text::tostring(value, column.ty))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

//! The native engine behind `forepost query --batch`: reads one `{"id","query"}` object a line, prints one answer a
//! line. `cargo run --release --example batch < queries.ndjson`

use forepost::host::batch::query_batch_line;
use kql::value::datetime;
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> Result<(), Box<dyn Error>> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() / 100;
    let now = datetime::UNIX_EPOCH + i64::try_from(since_epoch)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", query_batch_line(&line, now))?;
        }
    }
    Ok(())
}

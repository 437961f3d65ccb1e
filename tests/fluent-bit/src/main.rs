//! `fluent-bit stack MODULE`: how much of WAMR's stack records need. Reads records, one a line, from stdin.
mod host;
mod stack;

use std::io::BufRead;

fn main() {
    let path = std::env::args().nth(1).expect("a module");
    let bytes = std::fs::read(path).expect("a file");
    if let (Some(limit), Some(out)) = (std::env::args().nth(2), std::env::args().nth(3)) {
        let (module, frames) = stack::limited(&bytes, limit.parse().expect("a number")).expect("a module");
        std::fs::write(out, module).expect("a file");
        println!("{}", serde_json::to_string(&frames).expect("JSON"));
        return;
    }
    let (module, frames) = stack::limited(&bytes, u32::MAX >> 1).expect("a module");
    let mut sorted: Vec<(u32, usize)> = frames.iter().copied().zip(0..).collect();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    println!("largest frames: {:?}", &sorted[..12]);
    let mut host = host::Host::new(&module).expect("an instance");
    let mut most = 0;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        host.set_global(stack::MOST, 0);
        let outcome = host.call(false, line.as_bytes());
        let used = host.global(stack::MOST);
        if used > most {
            most = used;
            println!("{used} bytes: {} {}", match outcome { host::Outcome::Same => "same".to_owned(), host::Outcome::Text(t) => String::from_utf8_lossy(&t[line.len()-1..]).chars().take(200).collect(), other => format!("{other:?}") }, line.chars().take(120).collect::<String>());
        }
    }
}

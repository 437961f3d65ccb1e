//! `stack MODULE < RECORDS`: how much of WAMR's stack records need, the worst first met. `limit MODULE BYTES OUT`: the module with
//! that stack built in. `fuel MODULE MEMMEM`: what a record costs that matters to no rule.

use fluent_bit::{host, records, stack};
use std::io::BufRead;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["stack", module] => stack_of(module),
        ["limit", module, bytes, out] => {
            let module = std::fs::read(module).expect("a file");
            let (module, frames) =
                stack::limited(&module, bytes.parse().expect("a number")).expect("a module");
            std::fs::write(out, module).expect("a file");
            println!("{}", serde_json::to_string(&frames).expect("JSON"));
        }
        ["fuel", module, memmem] => fuel(module, memmem),
        _ => eprintln!("stack MODULE | limit MODULE BYTES OUT | fuel MODULE MEMMEM"),
    }
}

fn stack_of(module: &str) {
    let (module, _) =
        stack::limited(&std::fs::read(module).expect("a file"), u32::MAX >> 1).expect("a module");
    let mut host = host::Host::new(&module).expect("an instance");
    let mut most = 0;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        host.set_global(stack::MOST, 0);
        host.call(false, line.as_bytes());
        let used = host.global(stack::MOST);
        if used > most {
            most = used;
            println!("{used} bytes: {}", line.chars().take(160).collect::<String>());
        }
    }
}

/// Instructions, as `wasmi` counts them, a record: through the module, and through one memmem that finds nothing.
fn fuel(module: &str, memmem: &str) {
    let cost = |path: &str, records: &[Vec<u8>]| {
        let mut config = wasmi::Config::default();
        config.consume_fuel(true);
        let mut host =
            host::Host::with(&std::fs::read(path).expect("a file"), &mut config).expect("an instance");
        let full = 1 << 40;
        host.store.set_fuel(full).expect("fuel");
        records.iter().for_each(|r| assert_eq!(host.call(false, r), host::Outcome::Same));
        (full - host.store.get_fuel().expect("fuel")) / records.len() as u64
    };
    for (name, way) in [("as it is", 0), ("as text under log", 1)] {
        let all: Vec<Vec<u8>> = (0..500).map(|i| records::wrapped(&records::harmless(i), way)).collect();
        let size = all.iter().map(Vec::len).sum::<usize>() / all.len();
        let (ours, theirs) = (cost(module, &all), cost(memmem, &all));
        println!(
            "{name}: {size} bytes a record, {ours} instructions, one memmem {theirs}: {:.2} times",
            ours as f64 / theirs as f64
        );
    }
}

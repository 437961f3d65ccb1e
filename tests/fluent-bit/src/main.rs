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

/// Measured in Fluent Bit 5.1: of two modules, the instructions that they cost here a real event, and the microseconds there, beyond those
/// without a filter.
const SCALE: [(f64, f64); 2] = [(36_224.0, 31.3), (132_943.0, 87.0)];

/// What so many instructions would take there.
fn microseconds(instructions: u64) -> f64 {
    let [(few, quick), (many, slow)] = SCALE;
    quick + (instructions as f64 - few) * (slow - quick) / (many - few)
}

/// Instructions, as `wasmi` counts them, a record: through the module, and through one memmem that finds nothing.
fn fuel(module: &str, memmem: &str) {
    let (module, memmem) = (std::fs::read(module).expect("a file"), std::fs::read(memmem).expect("a file"));
    let cost = |module: &[u8], records: &[Vec<u8>]| {
        let mut config = wasmi::Config::default();
        config.consume_fuel(true);
        let mut host = host::Host::with(module, &mut config).expect("an instance");
        let full = 1 << 40;
        host.store.set_fuel(full).expect("fuel");
        records.iter().for_each(|r| drop(host.call(false, r)));
        (full - host.store.get_fuel().expect("fuel")) / records.len() as u64
    };
    let all = |way| (0..500).map(|i| records::wrapped(&records::harmless(i), way)).collect();
    let mut sets: Vec<(&str, Vec<Vec<u8>>)> = vec![("as it is", all(0)), ("as text under log", all(1))];
    let real = records::real();
    if !real.is_empty() {
        sets.push(("real events", real.iter().map(|e| records::wrapped(e, 0)).collect()));
    }
    for (name, all) in &sets {
        let size = all.iter().map(Vec::len).sum::<usize>() / all.len();
        let theirs = cost(&memmem, all);
        println!("{name}: {size} bytes a record, one memmem {theirs} instructions");
        let modules = [("this module", Some(module.clone())), ("38 shared rules", fluent_bit::shared_module())];
        for (which, module) in modules {
            let Some(module) = module else {
                println!("  {which}: not built, skipped");
                continue;
            };
            let ours = cost(&module, all);
            let (times, took) = (ours as f64 / theirs as f64, microseconds(ours));
            println!("  {which}: {ours}, {times:.2} times; about {took:.0} µs over no filter in Fluent Bit");
        }
    }
}

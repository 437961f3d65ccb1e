//! `fits MODULE BYTES < RECORDS`: whether these records and the hostile ones need no more stack. `stack MODULE < RECORDS`: how much of WAMR's stack records need, the worst first met. `limit MODULE BYTES OUT`: the module with
//! that stack built in. `fuel MODULE MEMMEM`: what a record costs that matters to no rule.

use fluent_bit::{host, records, stack};
use std::io::BufRead;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["stack", module] => stack_of(module),
        ["fits", module, bytes] => return fits(module, bytes.parse().expect("a number")),
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
    ExitCode::SUCCESS
}

/// Patterns grow with what they read, and need more stack in the turn in which they do: 232 bytes over 100,000 records.
const GROWTH: i32 = 256;

/// Runs a module's rules over events in all ways that a pipeline may hold them, and over everything that is no ordinary record: a record that
/// needs more stack than there is would be lost.
fn fits(module: &str, limit: i32) -> ExitCode {
    let (module, _) =
        stack::limited(&std::fs::read(module).expect("a file"), u32::MAX >> 1).expect("a module");
    let mut host = host::Host::new(&module).expect("an instance");
    let events: Vec<serde_json::Value> = std::io::stdin()
        .lock()
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("an event"))
        .collect();
    let own = [records::matching(), records::harmless(0)];
    let wrapped = own.iter().chain(&events).flat_map(|event| (0..4).map(|way| records::wrapped(event, way)));
    // Patterns and memory need more stack while they grow, which shows in turns only.
    let hostile = records::hostile();
    let mut small = hostile.iter().filter(|record| record.len() < 10_000).cycle();
    let turns: Vec<Vec<u8>> =
        wrapped.flat_map(|record| small.next().cloned().into_iter().chain([record])).collect();
    let (mut most, mut worst) = (0, Vec::new());
    for record in turns.iter().chain(&hostile).chain(&turns) {
        host.set_global(stack::MOST, 0);
        host.call(false, record);
        let used = host.global(stack::MOST);
        if used > most {
            (most, worst) = (used, record.clone());
        }
    }
    let most = most + GROWTH;
    if most <= limit {
        println!("{most} bytes of stack at most, of {limit}, with {} events of tests", events.len());
        return ExitCode::SUCCESS;
    }
    let room = most.cast_unsigned().next_power_of_two();
    eprintln!(
        "filter: the rules need {most} bytes of stack, Fluent Bit gives {limit}, and a record that needs more is lost: {}\n\
         filter: leave out the rule that reads it, or give more: STACK={room} here, and wasm_stack_size {}K in the filter's configuration",
        String::from_utf8_lossy(&worst).chars().take(300).collect::<String>(),
        room / 1024,
    );
    ExitCode::FAILURE
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
        let modules =
            [("this module", Some(module.clone())), ("38 shared rules", fluent_bit::shared_module())];
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

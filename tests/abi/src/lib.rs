//! A host in Rust, by nothing but docs/abi.md, in `wasmi`.

use serde_json::Value;
use std::path::PathBuf;
use wasmi::{Config, Engine, Instance, Linker, Memory, Module, Store, Val};

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The module.
pub fn module() -> Vec<u8> {
    std::fs::read(root().join("dist/wasm/forepost.wasm")).expect("dist/wasm/forepost.wasm: run `make abi`")
}

/// An argument of a call.
pub enum Arg<'a> {
    /// The number of a reader.
    Reader(u32),
    /// What is put into the module's memory: an address and a length.
    Bytes(&'a [u8]),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Arg<'a> {
        Arg::Bytes(text.as_bytes())
    }
}

impl<'a> From<&'a Vec<u8>> for Arg<'a> {
    fn from(bytes: &'a Vec<u8>) -> Arg<'a> {
        Arg::Bytes(bytes)
    }
}

impl From<u32> for Arg<'_> {
    fn from(reader: u32) -> Self {
        Arg::Reader(reader)
    }
}

/// An instance of the module.
pub struct Host {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    /// Where the address and the length of an answer stand.
    answer: usize,
}

impl Host {
    /// Instantiates the module, which must import nothing.
    pub fn new(module: &[u8], config: &Config) -> Result<Host, wasmi::Error> {
        let engine = Engine::new(config);
        let module = Module::new(&engine, module)?;
        assert_eq!(module.imports().len(), 0, "the module has imports");
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
        let memory = instance.get_memory(&store, "memory").expect("a memory");
        let mut host = Host { store, instance, memory, answer: 0 };
        host.answer = host.export("answer", &[]).expect("an address") as usize;
        Ok(host)
    }

    /// Calls an export with numbers; its result, if it has one.
    pub fn export(&mut self, name: &str, numbers: &[u32]) -> Option<u32> {
        let export = self.instance.get_func(&self.store, &format!("forepost_{name}")).expect(name);
        let numbers: Vec<Val> = numbers.iter().map(|n| Val::I32(n.cast_signed())).collect();
        let mut results = vec![Val::I32(0); export.ty(&self.store).results().len()];
        export.call(&mut self.store, &numbers, &mut results).expect(name);
        results.first().and_then(Val::i32).map(i32::cast_unsigned)
    }

    /// Calls an export: what it returns, and its answer.
    pub fn call<'a>(&mut self, name: &str, args: impl IntoIterator<Item = Arg<'a>>) -> (u32, Vec<u8>) {
        let (mut numbers, mut blocks) = (Vec::new(), Vec::new());
        for arg in args {
            match arg {
                Arg::Reader(number) => numbers.push(number),
                Arg::Bytes(bytes) => {
                    let length = bytes.len() as u32;
                    let address = self.export("alloc", &[length]).filter(|address| *address > 0);
                    let address = address.expect("room");
                    self.memory.write(&mut self.store, address as usize, bytes).expect("memory");
                    numbers.extend([address, length]);
                    blocks.push([address, length]);
                }
            }
        }
        let returned = self.export(name, &numbers).unwrap_or_default();
        let answer = self.answer();
        for block in blocks {
            self.export("free", &block);
        }
        (returned, answer)
    }

    fn answer(&self) -> Vec<u8> {
        let memory = self.memory.data(&self.store);
        let number =
            |at: usize| u32::from_le_bytes(memory[at..at + 4].try_into().expect("four bytes")) as usize;
        let (address, length) = (number(self.answer), number(self.answer + 4));
        memory[address..address + length].to_vec()
    }

    /// The answer of a call that must do what it was asked to.
    pub fn done<'a>(&mut self, name: &str, args: impl IntoIterator<Item = Arg<'a>>) -> Vec<u8> {
        let (returned, answer) = self.call(name, args);
        assert_eq!(returned, 0, "{name}: {}", String::from_utf8_lossy(&answer));
        answer
    }

    /// What a call says that must refuse.
    pub fn refused<'a>(&mut self, name: &str, args: impl IntoIterator<Item = Arg<'a>>) -> Value {
        let (returned, answer) = self.call(name, args);
        assert_eq!(returned, u32::from(!name.ends_with("_new")), "{name} did what it should refuse");
        serde_json::from_slice::<Value>(&answer).expect("JSON")[0].clone()
    }

    /// A reader with options.
    pub fn make(&mut self, kind: &str, options: &Value) -> u32 {
        let (reader, answer) = self.call(&format!("{kind}_new"), [options.to_string().as_str().into()]);
        assert_ne!(reader, 0, "{}", String::from_utf8_lossy(&answer));
        reader
    }

    /// Reads an input, whole.
    pub fn read(&mut self, reader: u32, input: &Vec<u8>) {
        self.done("push", [reader.into(), input.into()]);
        self.done("end_input", [reader.into()]);
    }

    /// All alerts of a detector, after its end.
    pub fn alerts(&mut self, detector: u32) -> Vec<u8> {
        self.done("finish", [detector.into()]);
        let mut all = Vec::new();
        loop {
            let some = self.done("take_alerts", [detector.into()]);
            if some.is_empty() {
                return all;
            }
            all.extend(some);
        }
    }
}

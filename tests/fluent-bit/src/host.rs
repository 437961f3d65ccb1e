//! Fluent Bit's side of the ABI, step by step, in `wasmi`.

// `wasmi` is built without SIMD here, as WAMR is in Fluent Bit.
use wasmi::{Config, Engine, Instance, Linker, Memory, Module, Store, TypedFunc, Val};

pub struct Host {
    pub store: Store<()>,
    pub instance: Instance,
    memory: Memory,
    malloc: TypedFunc<i32, i32>,
    free: TypedFunc<i32, ()>,
    filter: TypedFunc<(i32, i32, i32, i32, i32, i32), i32>,
    sieve: TypedFunc<(i32, i32, i32, i32, i32, i32), i32>,
}

/// What the host does with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The module's answer is the host's own buffer: the record goes on.
    Same,
    /// The text goes on instead.
    Text(Vec<u8>),
    /// The empty text: the record is dropped on purpose.
    Dropped,
    /// The record is lost.
    Lost(String),
}

impl Host {
    pub fn new(module: &[u8]) -> Result<Host, String> {
        Host::with(module, &mut Config::default())
    }

    pub fn with(module: &[u8], config: &mut Config) -> Result<Host, String> {
        let engine = Engine::new(config);
        let module = Module::new(&engine, module).map_err(|e| e.to_string())?;
        if module.imports().len() > 0 {
            return Err("the module has imports".to_owned());
        }
        let mut store = Store::new(&engine, ());
        let instance =
            Linker::new(&engine).instantiate_and_start(&mut store, &module).map_err(|e| e.to_string())?;
        let memory = instance.get_memory(&store, "memory").ok_or("no memory")?;
        fn function<P: wasmi::WasmParams, R: wasmi::WasmResults>(
            instance: &Instance,
            store: &Store<()>,
            name: &str,
        ) -> Result<TypedFunc<P, R>, String> {
            instance.get_typed_func(store, name).map_err(|e| format!("{name}: {e}"))
        }
        Ok(Host {
            malloc: function(&instance, &store, "malloc")?,
            free: function(&instance, &store, "free")?,
            filter: function(&instance, &store, "filter")?,
            sieve: function(&instance, &store, "sieve")?,
            memory,
            instance,
            store,
        })
    }

    /// `wasm_runtime_module_dup_data` of a text and the NUL behind it.
    fn duplicate(&mut self, data: &[u8]) -> Result<i32, String> {
        let at = self.malloc.call(&mut self.store, data.len() as i32 + 1).map_err(|e| e.to_string())?;
        if at == 0 {
            return Err("no memory".to_owned());
        }
        self.memory.write(&mut self.store, at as u32 as usize, data).map_err(|e| e.to_string())?;
        self.memory
            .write(&mut self.store, at as u32 as usize + data.len(), &[0])
            .map_err(|e| e.to_string())?;
        Ok(at)
    }

    /// `flb_wasm_call_function_format_json`
    pub fn call(&mut self, sieve: bool, record: &[u8]) -> Outcome {
        self.try_call(sieve, record).unwrap_or_else(Outcome::Lost)
    }

    fn try_call(&mut self, sieve: bool, record: &[u8]) -> Result<Outcome, String> {
        let tag = self.duplicate(b"aws.cloudtrail")?;
        let at = self.duplicate(record)?;
        let function = if sieve { self.sieve } else { self.filter };
        let called = function.call(&mut self.store, (tag, 14, 1_773_277_200, 5, at, record.len() as i32));
        let outcome = match called {
            Err(e) => Outcome::Lost(format!("exception: {e}")),
            Ok(result) => {
                // `wasm_runtime_validate_app_str_addr`, then `flb_strdup`.
                let memory = self.memory.data(&self.store);
                match memory
                    .get(result as u32 as usize..)
                    .and_then(|rest| rest.iter().position(|b| *b == 0).map(|n| &rest[..n]))
                {
                    None => Outcome::Lost("not a text inside memory".to_owned()),
                    Some(_) if result == 0 => Outcome::Dropped,
                    Some(_) if result == at => Outcome::Same,
                    Some([]) => Outcome::Dropped,
                    Some(text) => Outcome::Text(text.to_vec()),
                }
            }
        };
        for block in [tag, at] {
            self.free.call(&mut self.store, block).map_err(|e| e.to_string())?;
        }
        Ok(outcome)
    }

    pub fn memory_bytes(&self) -> usize {
        self.memory.data(&self.store).len()
    }

    pub fn counters(&mut self) -> serde_json::Value {
        let function: TypedFunc<(), i32> =
            self.instance.get_typed_func(&self.store, "forepost_counters").expect("forepost_counters");
        let at = function.call(&mut self.store, ()).expect("counters") as usize;
        let rest = &self.memory.data(&self.store)[at..];
        let end = rest.iter().position(|b| *b == 0).expect("a NUL");
        serde_json::from_slice(&rest[..end]).expect("JSON")
    }

    /// A global of the module with a built-in limit.
    pub fn global(&self, name: &str) -> i32 {
        match self.instance.get_global(&self.store, name).map(|g| g.get(&self.store)) {
            Some(Val::I32(n)) => n,
            _ => -1,
        }
    }

    pub fn set_global(&mut self, name: &str, value: i32) {
        if let Some(global) = self.instance.get_global(&self.store, name) {
            global.set(&mut self.store, Val::I32(value)).expect("a mutable global");
        }
    }
}

//! Gives a module the stack of WAMR's fast interpreter, which is Fluent Bit's: every call adds its frame to a counter and
//! traps where WAMR would say `wasm operand stack overflow`. Then any engine shows what would happen there.
//!
//! A frame holds the function's parameters, locals, constants and operands, four bytes a cell. WAMR keeps some locals twice
//! while a block uses them: operands are counted twice for that.

use std::collections::HashSet;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, Function, FunctionSection, GlobalSection, GlobalType,
    Instruction, Module, ValType,
};
use wasmparser::{FunctionBody, Operator, Parser, Payload, Validator, WasmFeatures};

/// Fluent Bit's default, `wasm_stack_size`.
pub const DEFAULT: u32 = 8192;
/// `WASMInterpFrame` on a 64-bit machine, rounded up.
const HEADER: u32 = 80;

/// The exported global with the most that was used.
pub const MOST: &str = "most_stack";

struct Limited {
    functions: u32,
    types: Vec<u32>,
    signatures: Vec<(Vec<ValType>, Vec<ValType>)>,
    frames: Vec<u32>,
    globals: u32,
    limit: u32,
}

/// The module with the limit built in, and the size of each function's frame.
pub fn limited(bytes: &[u8], limit: u32) -> Result<(Vec<u8>, Vec<u32>), String> {
    let mut made = Limited {
        functions: 0,
        types: Vec::new(),
        signatures: Vec::new(),
        frames: Vec::new(),
        globals: 0,
        limit,
    };
    made.measure(bytes).map_err(|e| e.to_string())?;
    let mut module = Module::new();
    made.parse_core_module(&mut module, Parser::new(0), bytes).map_err(|e| e.to_string())?;
    Ok((module.finish(), made.frames))
}

fn cells(ty: wasmparser::ValType) -> u32 {
    match ty {
        wasmparser::ValType::I64 | wasmparser::ValType::F64 => 2,
        _ => 1,
    }
}

impl Limited {
    fn measure(&mut self, bytes: &[u8]) -> wasmparser::Result<()> {
        let mut validator = Validator::new_with_features(
            WasmFeatures::default() & !WasmFeatures::SIMD & !WasmFeatures::RELAXED_SIMD,
        );
        let mut bodies = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::TypeSection(types) => {
                    for ty in types.clone().into_iter_err_on_gc_types() {
                        let ty = ty?;
                        let convert =
                            |types: &[wasmparser::ValType]| types.iter().map(|t| value_type(*t)).collect();
                        self.signatures.push((convert(ty.params()), convert(ty.results())));
                    }
                }
                Payload::FunctionSection(functions) => {
                    self.types = functions.clone().into_iter().collect::<Result<_, _>>()?;
                    self.functions = self.types.len() as u32;
                }
                Payload::GlobalSection(globals) => self.globals = globals.count(),
                _ => {}
            }
            if let wasmparser::ValidPayload::Func(function, body) = validator.payload(&payload)? {
                bodies.push((function, body));
            }
        }
        for (function, body) in bodies {
            let mut function = function.into_validator(Default::default());
            self.frames.push(frame(&mut function, &body)?);
        }
        Ok(())
    }
}

fn value_type(ty: wasmparser::ValType) -> ValType {
    match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::Ref(_) => ValType::FUNCREF,
    }
}

fn frame(
    function: &mut wasmparser::FuncValidator<wasmparser::ValidatorResources>,
    body: &FunctionBody<'_>,
) -> wasmparser::Result<u32> {
    let mut reader = body.get_binary_reader();
    function.read_locals(&mut reader)?;
    let locals: u32 = (0..function.len_locals()).filter_map(|i| function.get_local_type(i)).map(cells).sum();
    let (mut most, mut constants) = (0, HashSet::new());
    let mut operators = wasmparser::OperatorsReader::new(reader);
    while !operators.eof() {
        let (op, at) = operators.read_with_offset()?;
        match op {
            Operator::I32Const { value } => drop(constants.insert((1, i64::from(value)))),
            Operator::F32Const { value } => drop(constants.insert((1, i64::from(value.bits())))),
            Operator::I64Const { value } => drop(constants.insert((2, value))),
            Operator::F64Const { value } => drop(constants.insert((2, value.bits() as i64))),
            _ => {}
        }
        function.op(at, &op)?;
        let height = function.operand_stack_height();
        let now: u32 = (0..height)
            .filter_map(|i| function.get_operand_type(i as usize))
            .map(|t| t.map_or(2, cells))
            .sum();
        most = most.max(now);
    }
    let constants: u32 = constants.iter().map(|(cells, _)| cells).sum();
    Ok(HEADER + 4 * (locals + constants + 2 * most))
}

impl Reencode for Limited {
    type Error = std::convert::Infallible;

    /// Calls, exports and tables mean the wrapper.
    fn function_index(&mut self, index: u32) -> Result<u32, Error<Self::Error>> {
        Ok(index + self.functions)
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_function_section(self, functions, section)?;
        self.types.iter().for_each(|ty| {
            functions.function(*ty);
        });
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_global_section(self, globals, section)?;
        for _ in 0..2 {
            globals.global(
                GlobalType { val_type: ValType::I32, mutable: true, shared: false },
                &ConstExpr::i32_const(0),
            );
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut wasm_encoder::ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_export_section(self, exports, section)?;
        exports.export("stack", ExportKind::Global, self.globals);
        exports.export(MOST, ExportKind::Global, self.globals + 1);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_code_section(self, code, section)?;
        let (stack, most) = (self.globals, self.globals + 1);
        for (index, (ty, frame)) in self.types.iter().zip(&self.frames).enumerate() {
            let (params, _) = &self.signatures[*ty as usize];
            let mut f = Function::new([]);
            f.instruction(&Instruction::GlobalGet(stack))
                .instruction(&Instruction::I32Const(*frame as i32))
                .instruction(&Instruction::I32Add)
                .instruction(&Instruction::GlobalSet(stack))
                .instruction(&Instruction::GlobalGet(stack))
                .instruction(&Instruction::GlobalGet(most))
                .instruction(&Instruction::I32GtU)
                .instruction(&Instruction::If(BlockType::Empty))
                .instruction(&Instruction::GlobalGet(stack))
                .instruction(&Instruction::GlobalSet(most))
                .instruction(&Instruction::End)
                .instruction(&Instruction::GlobalGet(stack))
                .instruction(&Instruction::I32Const(self.limit as i32))
                .instruction(&Instruction::I32GtU)
                .instruction(&Instruction::If(BlockType::Empty))
                .instruction(&Instruction::Unreachable)
                .instruction(&Instruction::End);
            (0..params.len() as u32).for_each(|i| {
                f.instruction(&Instruction::LocalGet(i));
            });
            f.instruction(&Instruction::Call(index as u32))
                .instruction(&Instruction::GlobalGet(stack))
                .instruction(&Instruction::I32Const(*frame as i32))
                .instruction(&Instruction::I32Sub)
                .instruction(&Instruction::GlobalSet(stack))
                .instruction(&Instruction::End);
            code.function(&f);
        }
        Ok(())
    }
}

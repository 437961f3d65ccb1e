// The little of WebAssembly's binary format that our tools and tests need.

const PAGE = 65536

export class Reader {
  constructor(bytes) {
    this.bytes = bytes
    this.at = 0
  }
  byte() {
    if (this.at >= this.bytes.length) throw new Error('the module is cut')
    return this.bytes[this.at++]
  }
  u32() {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  s32() {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return shift < 25 && byte & 0x40 ? value | (-1 << (shift + 7)) : value
    }
  }
  take(length) {
    const from = this.at
    this.at += length
    if (this.at > this.bytes.length) throw new Error('the module is cut')
    return this.bytes.subarray(from, this.at)
  }
  name() {
    return new TextDecoder().decode(this.take(this.u32()))
  }
  get done() {
    return this.at >= this.bytes.length
  }
}

export function* sections(bytes) {
  const reader = new Reader(bytes)
  reader.take(8)
  while (!reader.done) {
    const id = reader.byte()
    yield { id, body: reader.take(reader.u32()) }
  }
}

export function unsigned(value) {
  const out = []
  do {
    const byte = value % 128
    value = Math.floor(value / 128)
    out.push(value ? byte | 0x80 : byte)
  } while (value)
  return out
}

// An i32 below 2^31.
export function signed(value) {
  const out = []
  for (;;) {
    const byte = value & 0x7f
    value >>= 7
    const done = (value === 0 && !(byte & 0x40)) || (value === -1 && byte & 0x40)
    out.push(done ? byte : byte | 0x80)
    if (done) return out
  }
}

export function string(text) {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from(unsigned(bytes.length)), bytes])
}

export function vector(items) {
  return Buffer.concat([Buffer.from(unsigned(items.length)), ...items])
}

export function section(id, body) {
  return Buffer.concat([Buffer.from([id, ...unsigned(body.length)]), Buffer.from(body)])
}

// The module with other memory contents and, where they are named, only some of its exports. The stack, which lies below the data,
// is cleared: nothing is on it.
export function withMemory(bytes, contents, exports) {
  contents.fill(0, 0, startOfData(bytes))
  const runs = [...runsOf(contents)]
  const parts = [bytes.subarray(0, 8)]
  for (const { id, body } of sections(bytes)) {
    switch (id) {
      case 0: if (new Reader(body).name() === 'name') parts.push(section(0, body)); break
      case 5: {
        const reader = new Reader(body)
        if (reader.u32() !== 1) throw new Error('not exactly one memory')
        const flags = reader.u32()
        reader.u32()
        const max = flags & 1 ? unsigned(reader.u32()) : []
        parts.push(section(5, [...unsigned(1), ...unsigned(flags), ...unsigned(contents.length / PAGE), ...max]))
        break
      }
      case 7: parts.push(section(7, exports ? only(exports, body) : body)); break
      case 11: parts.push(section(11, dataOf(runs, contents))); break
      case 12: parts.push(section(12, unsigned(runs.length))); break
      default: parts.push(section(id, body))
    }
  }
  return Buffer.concat(parts)
}

// The names of functions by their number.
export function functionNames(bytes) {
  const names = new Map()
  for (const { id, body } of sections(bytes)) {
    const reader = new Reader(body)
    if (id !== 0 || reader.name() !== 'name') continue
    while (!reader.done) {
      const kind = reader.byte()
      const inside = new Reader(reader.take(reader.u32()))
      if (kind === 1) for (let n = inside.u32(); n > 0; n--) names.set(inside.u32(), inside.name())
    }
    return names
  }
  throw new Error('the module has no name section')
}

// A function's name without the hashes of crates.
export function plain(name) {
  return name.replace(/\[[0-9a-f]{8,}\]/g, '')
}

// How many functions are imported; our own have the numbers behind them.
export function importedFunctions(bytes) {
  let functions = 0
  for (const { id, body } of sections(bytes)) {
    if (id !== 2) continue
    const reader = new Reader(body)
    for (let n = reader.u32(); n > 0; n--) {
      reader.name()
      reader.name()
      if (reader.byte() !== 0) throw new Error('only functions are expected to be imported')
      reader.u32()
      functions++
    }
  }
  return functions
}

// The module without its name section.
export function withoutNames(bytes) {
  const parts = [bytes.subarray(0, 8)]
  for (const { id, body } of sections(bytes)) {
    if (id !== 0 || new Reader(body).name() !== 'name') parts.push(section(id, body))
  }
  return Buffer.concat(parts)
}

function only(exports, body) {
  const reader = new Reader(body)
  const kept = []
  for (let n = reader.u32(); n > 0; n--) {
    const name = reader.name()
    const [kind, index] = [reader.byte(), reader.u32()]
    if (exports.includes(name)) kept.push(Buffer.concat([string(name), Buffer.from([kind, ...unsigned(index)])]))
  }
  if (kept.length !== exports.length) throw new Error('the engine lacks some exports')
  return vector(kept)
}

// Pieces that are not zero. A short gap costs less than another segment.
function* runsOf(contents) {
  const gap = 16
  let start = -1
  let last = -1
  for (let i = 0; i < contents.length; i++) {
    if (contents[i] === 0) continue
    if (start < 0) start = i
    else if (i - last > gap) {
      yield [start, last + 1]
      start = i
    }
    last = i
  }
  if (start >= 0) yield [start, last + 1]
}

function dataOf(runs, contents) {
  return vector(runs.map(([from, to]) =>
    Buffer.concat([Buffer.from([0, 0x41, ...signed(from), 0x0b, ...unsigned(to - from)]), contents.subarray(from, to)])))
}

function startOfData(bytes) {
  const reader = new Reader([...sections(bytes)].find(({ id }) => id === 11).body)
  const starts = []
  for (let n = reader.u32(); n > 0; n--) {
    if (reader.u32() !== 0 || reader.byte() !== 0x41) throw new Error('a data segment without a fixed place')
    starts.push(reader.s32())
    if (reader.byte() !== 0x0b) throw new Error('a data segment without a fixed place')
    reader.take(reader.u32())
  }
  return Math.min(...starts)
}

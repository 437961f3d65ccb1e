// The little of WebAssembly's binary format that our tools and tests need.

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

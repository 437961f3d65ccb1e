// Archives for tests, written by hand: Node writes none.

import { deflateRawSync } from 'node:zlib';

/** A zip archive of `[name, data]`, deflated. */
export function zip(entries) {
  const parts = [];
  const central = [];
  let at = 0;
  for (const [name, data] of entries) {
    const raw = Buffer.from(data);
    const body = deflateRawSync(raw);
    const head = Buffer.alloc(30 + name.length);
    head.writeUInt32LE(0x04034b50, 0); head.writeUInt16LE(20, 4); head.writeUInt16LE(8, 8); head.writeUInt32LE(crc(raw), 14);
    head.writeUInt32LE(body.length, 18); head.writeUInt32LE(raw.length, 22); head.writeUInt16LE(name.length, 26); head.write(name, 30);
    const dir = Buffer.alloc(46 + name.length);
    dir.writeUInt32LE(0x02014b50, 0); dir.writeUInt16LE(20, 4); dir.writeUInt16LE(20, 6); head.copy(dir, 8, 6, 30); dir.writeUInt32LE(at, 42); dir.write(name, 46);
    parts.push(head, body);
    central.push(dir);
    at += head.length + body.length;
  }
  const end = Buffer.alloc(22);
  const size = central.reduce((sum, d) => sum + d.length, 0);
  end.writeUInt32LE(0x06054b50, 0); end.writeUInt16LE(entries.length, 8); end.writeUInt16LE(entries.length, 10); end.writeUInt32LE(size, 12); end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...central, end]);
}

/** A tar archive of `[name, data]`. */
export function tar(entries) {
  const files = entries.flatMap(([name, of]) => {
    const data = Buffer.from(of);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write('0ustar\0' + '00', 156);
    header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...files, Buffer.alloc(1024)]);
}

/** Node has it from version 22.2 on. */
function crc(bytes) {
  let c = ~0;
  for (const b of bytes) {
    c ^= b;
    for (let i = 0; i < 8; i += 1) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0);
  }
  return ~c >>> 0;
}

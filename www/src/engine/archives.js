// Archives that hold more than logs: rules, tables or functions. They are opened like folders. What holds only logs goes to the engine as it
// is, which reads archives of any size as they stream by. The browser inflates.

import { isRuleByName, isTemplate, LOOKED_AT, mentionsEvents, suppliedByName } from 'forepost/logfile.js';
import { bytesOf, isGzip } from './text.js';

const NAMES = /\.(zip|tar|tgz|tar\.gz)$/i;
const LARGEST = 64 << 20;      // bytes of a zip archive that is looked into: its list stands at its end,
const LARGEST_TAR = 8 << 20;   // of a tar archive, which has none and is unpacked for it,
const UNPACKED = 256 << 20;    // and of what is in it
const MEMBERS = 20_000;
const LOOKED_INTO = 200;       // files of JSON and CSV that an archive may have to be looked at one by one: more of them are a trail

/** Files with those of archives in their place, where an archive holds more than logs; and `failed`: what of them cannot be unpacked. */
export async function opened(files) {
  const flat = [];
  const failed = [];
  for (const entry of files) {
    const inside = NAMES.test(entry.path) && entry.file.size > 0 && entry.file.size <= (/zip$/i.test(entry.path) ? LARGEST : LARGEST_TAR) ? await membersOf(entry).catch(() => undefined) : undefined;
    if (!inside) { flat.push(entry); continue; }
    flat.push(...inside.files);
    failed.push(...inside.failed);
  }
  return { files: flat, failed };
}

/** The files of an archive that holds more than logs; undefined of others, and of what is no archive. */
async function membersOf({ file, path }) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const members = bytes[0] === 0x50 && bytes[1] === 0x4b ? zipMembers(bytes) : tarMembers(isGzip(bytes) ? await inflated(bytes, 'gzip', UNPACKED) : bytes);
  const wanted = members?.filter(({ name }) => !name.endsWith('/') && !name.startsWith('__MACOSX/'));
  if (!wanted?.length || wanted.length > MEMBERS || wanted.reduce((sum, { size }) => sum + size, 0) > UNPACKED) return undefined;
  if (!await holdsMore(wanted)) return undefined;
  const files = [];
  const failed = [];
  for (const member of wanted) {
    const inside = `${path}/${member.name}`;
    try {
      const data = await member.unpack();
      files.push({ file: new File([data], member.name.split('/').at(-1)), path: inside });
    } catch (error) {
      failed.push({ path: inside, reason: error.message });
    }
  }
  return { files, failed };
}

async function holdsMore(members) {
  const named = members.map(({ name }) => name).filter((name) => !name.split('/').some((part) => part.startsWith('.')));
  if (named.some((name) => isRuleByName(name) || suppliedByName(name)?.kind === 'function')) return true;
  const unclear = members.filter(({ name }) => suppliedByName(name)?.kind === 'table' && !/\.gz$/i.test(name));
  if (unclear.length > LOOKED_INTO) return false;
  for (const { name, unpack } of unclear) {
    try {
      const start = (await unpack()).subarray(0, LOOKED_AT);
      if (isTemplate(name, start) || !mentionsEvents(start)) return true;
    } catch { /* said when it is opened, or by the engine */ }
  }
  return false;
}

const inflated = (bytes, how, max, each) => bytesOf(new Blob([bytes]).stream().pipeThrough(new DecompressionStream(how)), max, each);

/** The list at the end of a zip archive; undefined if it is damaged, or too large for its numbers. */
function zipMembers(bytes) {
  const view = new DataView(bytes.buffer);
  let end = bytes.length - 22;
  while (end >= Math.max(0, bytes.length - 22 - 0xffff) && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) return undefined;
  const members = [];
  let at = view.getUint32(end + 16, true);
  for (let n = view.getUint16(end + 10, true); n > 0; n -= 1) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) return undefined;
    const [flags, method] = [8, 10].map((of) => view.getUint16(at + of, true));
    const [crc, packed, size] = [16, 20, 24].map((of) => view.getUint32(at + of, true));
    const [long, extra, comment] = [28, 30, 32].map((of) => view.getUint16(at + of, true));
    const start = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + long));
    if (start + 30 > bytes.length || packed === 0xffffffff || size === 0xffffffff) return undefined;
    members.push({ name, size, unpack: () => unzipped(bytes, view, { flags, method, crc, packed, size, start }) });
    at += 46 + long + extra + comment;
  }
  return members;
}

async function unzipped(bytes, view, { flags, method, crc, packed, size, start }) {
  if (flags & 1) throw new Error('encrypted; unpack the archive first');
  if (method !== 0 && method !== 8) throw new Error('packed by a method that this page does not read; unpack the archive first');
  const from = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
  const data = bytes.subarray(from, from + packed);
  let sum = -1;
  const add = (part) => { sum = checksum(sum, part); };
  let whole = data;
  try {
    if (method === 8) whole = await inflated(data, 'deflate-raw', size, add);
    else add(data);
  } catch { whole = undefined; }
  if (whole?.length !== size || (~sum >>> 0) !== crc) throw new Error('damaged in the archive');
  return whole;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => { for (let i = 0; i < 8; i += 1) n = (n >>> 1) ^ (n & 1 ? 0xedb88320 : 0); return n; });

function checksum(sum, bytes) {
  for (const byte of bytes) sum = CRC[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return sum;
}

/** The files of a tar archive, with names of any length; undefined if it is damaged or no such archive. */
function tarMembers(bytes) {
  const members = [];
  const text = (from, length) => new TextDecoder().decode(bytes.subarray(from, from + length)).replace(/\0.*$/s, '');
  let long;
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const told = parseInt(text(at + 148, 8).trim(), 8);
    const sum = bytes.subarray(at, at + 512).reduce((of, byte, i) => of + (i >= 148 && i < 156 ? 32 : byte), 0);
    const size = parseInt(text(at + 124, 12).trim(), 8);
    if (told !== sum || !(size >= 0) || at + 512 + size > bytes.length) return undefined;
    const data = bytes.subarray(at + 512, at + 512 + size);
    const kind = String.fromCharCode(bytes[at + 156]);
    if (kind === 'L') long = new TextDecoder().decode(data).replace(/\0.*$/s, '');
    else if (kind === 'x') long = /^\d+ path=(.*)$/m.exec(new TextDecoder().decode(data))?.[1] ?? long;
    else {
      const prefix = text(at + 257, 5) === 'ustar' ? text(at + 345, 155) : '';
      const name = long ?? (prefix ? `${prefix}/${text(at, 100)}` : text(at, 100));
      if (kind === '0' || kind === '\0') members.push({ name: name.replace(/^(?:\.?\/)+/, ''), size, unpack: async () => data });
      long = undefined;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return members;
}

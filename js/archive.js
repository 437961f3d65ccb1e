// Archives of rules, tables and functions. The engine unpacks them, with what reads archives of logs.

import { ArchiveReader as EngineReader } from './engine.js';
import { Reader } from './reader.js';

const NAMES = /\.(?:zip|tgz|tar(?:\.(?:gz|zst|xz|bz2))?)$/i;
const PART = 512 << 10;        // bytes that are unpacked at once
const UNPACKED = 256 << 20;    // bytes that an archive may have, unpacked,
const FILES = 20_000;          // and files

/** Whether a file is an archive, by its name. */
export const isArchiveByName = (path) => NAMES.test(path);

class ArchiveReader extends Reader {
  constructor(kept) { super('ArchiveReader', () => new EngineReader(kept, UNPACKED, FILES), { accounts: false }); }

  /** The files since the last call. */
  members() {
    const members = JSON.parse(this.call('takeMembers'));
    const bytes = this.call('takeBytes');
    let at = 0;
    return members.map(({ name, length, problem }) => {
      at += length;
      return { name: name.replace(/^(?:\.?\/)+/, ''), bytes: bytes.subarray(at - length, at), problem };
    });
  }
}

/**
 * Unpacks an archive: `{members: [{name, bytes, problem}], problems, isArchive, isSpent}`. `kept`: so many of the first bytes of each file are enough; with 0
 * names are listed. `isSpent`: there is more in it than is unpacked, which a problem says.
 */
export function unpack(bytes, kept = Infinity) {
  const reader = new ArchiveReader(kept);
  try {
    const members = [];
    for (let at = 0; at < bytes.length && !reader.stats().isSpent; at += PART) {
      reader.push(bytes.subarray(at, at + PART));
      members.push(...reader.members());
    }
    if (!reader.stats().isSpent) reader.endInput();
    members.push(...reader.members());
    return { members, ...reader.stats() };
  } finally {
    reader.dispose();
  }
}

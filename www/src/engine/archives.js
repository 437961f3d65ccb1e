// Archives that hold more than logs: rules, tables or functions. They are opened like folders; the engine unpacks them. What holds only logs goes to
// the engine as it is, which reads archives of any size as they stream by.

import { isArchiveByName, unpack } from 'forepost/archive.js';
import { isRuleByName, isTemplate, LOOKED_AT, mentionsEvents, suppliedByName } from 'forepost/logfile.js';

const LARGEST = 64 << 20;      // bytes of a zip archive that is looked into: its files can be stepped over,
const LARGEST_TAR = 8 << 20;   // and of a tar archive, which is unpacked for it
const LOOKED_INTO = 200;       // files of JSON and CSV that an archive may have to be looked at one by one: more of them are a trail

/** Whether a file may be such an archive, by its name and size. */
export const mayOpen = ({ file, path }) => isArchiveByName(path) && file.size > 0 && file.size <= (/zip$/i.test(path) ? LARGEST : LARGEST_TAR);

/**
 * The files of an archive that holds more than logs, and `failed`: what of them cannot be unpacked. Undefined of others, and of what is no archive. One that
 * is too large is read as logs, and that is said.
 */
export async function opened({ file, path }) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { members: listed, isArchive } = unpack(bytes, 0);
  if (!isArchive || !holdsMore(bytes, listed.map(({ name }) => name))) return undefined;
  const { members, problems, isSpent } = unpack(bytes);
  const whole = problems.map((reason) => ({ path, reason }));
  if (isSpent) return { files: [{ file, path }], failed: whole.map(({ reason }) => ({ path, reason: `read as logs alone: ${reason}` })) };
  const inside = members.map(({ name, ...member }) => ({ ...member, name: name.split('/').at(-1), path: `${path}/${name}` }));
  return {
    files: inside.filter(({ problem }) => !problem).map((member) => ({ file: new File([member.bytes], member.name), path: member.path })),
    failed: [...inside.filter(({ problem }) => problem).map((member) => ({ path: member.path, reason: member.problem })), ...whole],
  };
}

function holdsMore(bytes, names) {
  const seen = names.filter((name) => !name.split('/').some((part) => part.startsWith('.')));
  if (seen.some((name) => isRuleByName(name) || suppliedByName(name)?.kind === 'function')) return true;
  const unclear = new Set(seen.filter((name) => suppliedByName(name)?.kind === 'table' && !/\.gz$/i.test(name)));
  if (!unclear.size || unclear.size > LOOKED_INTO) return false;
  return unpack(bytes, LOOKED_AT).members.some(({ name, bytes: start, problem }) => !problem && unclear.has(name) && (isTemplate(name, start) || !mentionsEvents(start)));
}

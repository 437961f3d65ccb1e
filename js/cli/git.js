// Files as another commit has them: the `git` command, which only reads.

import { execFileSync } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { isRuleByName } from '../logfile.js';
import { UsageError } from './args.js';
import { clean } from './terminal.js';

function git(command, args, cwd) {
  try {
    return execFileSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const said = error.code === 'ENOENT' ? 'git is not installed' : String(error.stderr || error.message).trim().split('\n')[0];
    throw new UsageError(`git ${args[0]}: ${clean(said)}`, command);
  }
}

/** A commit's name as git takes it; what could be an option is refused. */
function checked(ref, command) {
  if (!/^[\w@^~][\w./@^~{}-]*$/.test(ref)) throw new UsageError(`${JSON.stringify(ref)} is no name of a commit`, command);
  return ref;
}

/** The rule files of a path at a commit: `[{file, text}]`. */
export function rulesAt(ref, path, command) {
  const name = checked(ref, command);
  const names = git(command, ['ls-tree', '-r', '-z', '--name-only', name, '--', path]).split('\0').filter(Boolean);
  return names.filter((file) => isRuleByName(file) || file === path).map((file) => ({ file, text: git(command, ['show', `${name}:./${file}`]) }));
}

/** What a file held at a commit; undefined where it was not there. */
export function fileAt(ref, file, command) {
  const [name, folder] = [checked(ref, command), dirname(file)];
  git(command, ['rev-parse', '--verify', `${name}^{commit}`], folder);
  const there = git(command, ['ls-tree', '--name-only', '-z', name, '--', basename(file)], folder) !== '';
  return there ? git(command, ['show', `${name}:./${basename(file)}`], folder) : undefined;
}

const [RECORD, UNIT] = ['\x1e', '\x1f'];

/** The commits that changed a file, the newest first: `[{commit, time, subject, version}]`; `version` is the one that the commit wrote into a rule. */
export function historyOf(file, command) {
  const log = git(command, ['log', '--follow', '--unified=0', '--no-color', '--no-ext-diff', `--format=${RECORD}%H${UNIT}%cI${UNIT}%s${UNIT}`, '-p', '--', basename(file)], dirname(file));
  return log.split(RECORD).slice(1).map((text) => {
    const [commit, time, subject, diff] = text.split(UNIT);
    const [, version] = /^\+version:\s*["']?([\w.-]+)/m.exec(diff) ?? [];
    return { commit, time: new Date(time).toISOString().replace('.000', ''), subject, version };
  });
}

/** The files that differ from a commit, new ones too, as paths from here. */
export function changedSince(ref, command) {
  const top = git(command, ['rev-parse', '--show-cdup']).trim() || '.';
  const changed = git(command, ['diff', '--name-only', '-z', checked(ref, command), '--']).split('\0').filter(Boolean).map((file) => join(top, file));
  const added = git(command, ['ls-files', '--others', '--exclude-standard', '-z']).split('\0').filter(Boolean);
  return [...changed, ...added];
}

// Writes the files of commands that make several.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './args.js';
import { reasonOf } from './files.js';
import { clean } from './terminal.js';

/** Writes a file, and the folders it lies in. */
export function writeInto(path, text, command) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`cannot write ${clean(path)}: ${reasonOf(error, path)}`, command);
  }
}

// Readings of the inputs before the one that answers, for queries whose plug-ins take their columns from the data.

import { Account } from './account.js';
import { readInto } from './read.js';
import { remark, style } from './terminal.js';

/** Reads the inputs for a reader that reads them again; what cannot be read is told then. `kept`: what comes only once, for that. */
export async function readFirst(reader, paths, kept, ahead) {
  remark(style.dim('the columns of bag_unpack or pivot depend on the data, which is read once more for them'));
  const account = new Account();
  await readInto(reader, paths, account, { quiet: true, kept, ahead });
  return account;
}

// The summary of a job of GitHub Actions: a page beside the log, which shows more than the ten annotations of each kind.

import { appendFileSync } from 'node:fs';
import { mdLine } from '../cells.js';
import { reasonOf } from './files.js';
import { clean, note } from './terminal.js';

const ROWS = 500; // GitHub takes 1 MiB of a step

/** Appends a title and a table, where GitHub asks for it. */
export function stepSummary(title, head, rows) {
  const path = process.env.GITHUB_STEP_SUMMARY;
  if (!path) return;
  const more = rows.length > ROWS ? `\n${rows.length - ROWS} more are in the log.\n` : '';
  const table = rows.length > 0 ? `\n${mdLine(head)}${mdLine(head.map(() => '---')).replaceAll('\\', '')}${rows.slice(0, ROWS).map(mdLine).join('')}${more}` : '';
  try {
    appendFileSync(path, `### ${title}\n${table}\n`);
  } catch (error) {
    note(`cannot write the summary to ${clean(path)}: ${clean(reasonOf(error, path))}`);
  }
}

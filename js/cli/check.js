// `forepost check`

import { check as checkRules } from '../rules.js';
import { UsageError } from './args.js';
import { readRules, render } from './rulefiles.js';
import { readTables } from './tables.js';
import { clean, count, note, out, outStyle, remark, style } from './terminal.js';

export async function check(options, paths) {
  const { format = 'pretty' } = options;
  const tables = readTables(options, 'check');
  if (paths.length === 0) throw new UsageError('check needs a rule file or a folder with rule files', 'check');
  const { rules, failed } = readRules(paths);
  for (const { path, message } of failed) note(`${style.red('cannot read')} ${clean(path)}: ${clean(message)}`);
  if (rules.length === 0 && failed.length === 0) throw new UsageError(`no .yaml or .yml files in ${paths.map(clean).join(', ')}`, 'check');
  const tally = { error: 0, warning: 0, information: 0 };
  for (const rule of rules) { // one at a time, so that the first findings show at once
    for (const finding of checkRules([rule], { tables })) {
      tally[finding.severity] += 1;
      if (format === 'ndjson') {
        const { start, end, ...fixed } = finding;
        await out(`${JSON.stringify(fixed)}\n`);
      } else {
        await out(`${render(finding, rule.text, outStyle)}\n\n`);
      }
    }
  }
  remark(`${count(rules.length, 'file')}: ${count(tally.error, 'error')}, ${count(tally.warning, 'warning')}${tally.information > 0 ? `, ${count(tally.information, 'note')}` : ''}`);
  if (failed.length > 0) return 2;
  return tally.error > 0 ? 1 : 0;
}

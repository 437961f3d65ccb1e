// Every form of docs/inputs.md's table of hosts, dropped on the page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FORMS, LOGS } from '../forms.js';
import { ruleText } from '../package/support.js';
import { add, alerts, file, open, settled, visit } from './support.js';

let site;
before(async () => { site = await open(); });
after(() => site?.close());

for (const { name, data } of FORMS) {
  test(`${name}: the page finds its event`, async () => {
    const page = await visit(site);
    try {
      await add(page, file('file', data));
      await settled(page);
      assert.equal((await alerts(page)).length, 1);
    } finally {
      await page.close();
    }
  });
}

for (const { name, table, data } of LOGS) {
  test(`${name}: the page reads a row of ${table}`, async () => {
    const page = await visit(site);
    try {
      await add(page, file('rule.yaml', ruleText(table, `${table}\n| where Type == "${table}" and isnotnull(TimeGenerated)`)));
      await add(page, file('file', data));
      await settled(page);
      assert.equal((await alerts(page)).length, 1);
    } finally {
      await page.close();
    }
  });
}

// Every form of docs/inputs.md's table of hosts, dropped on the page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FORMS } from '../forms.js';
import { add, alerts, open, settled, visit } from './support.js';

let site;
before(async () => { site = await open(); });
after(() => site?.close());

for (const { name, data } of FORMS) {
  test(`${name}: the page finds its event`, async () => {
    const page = await visit(site);
    try {
      await add(page, { name: 'file', mimeType: 'application/octet-stream', buffer: data });
      await settled(page);
      assert.equal((await alerts(page)).length, 1);
    } finally {
      await page.close();
    }
  });
}

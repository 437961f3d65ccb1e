// A Cloudflare Worker with its rules in Workers KV, so that they change without a deployment:
//   for rule in my-rules/*.yaml; do npx wrangler kv key put --binding=RULES --remote "$(basename "$rule")" --path "$rule"; done
// With R2 instead, list() has `objects` with a `key` each, and get() returns an object with text().

import { createHandler } from 'forepost/worker';

const FRESH = 5 * 60_000; // in ms: so long rules are used before they are looked up again

let current = { handler: undefined, until: 0 };

export default {
  async fetch(request, env) {
    // The rules themselves are kept and no promise of them, which would belong to one request.
    if (Date.now() > current.until) current = { handler: createHandler(await optionsOf(env)), until: Date.now() + FRESH };
    return current.handler(request);
  },
};

async function optionsOf(env) {
  const rules = [];
  let page = { list_complete: false, cursor: undefined };
  while (!page.list_complete) {
    page = await env.RULES.list({ cursor: page.cursor });
    rules.push(...(await Promise.all(page.keys.map(async ({ name }) => ({ file: name, text: await env.RULES.get(name) })))));
  }
  return { key: env.FOREPOST_KEY, webhook: env.FOREPOST_WEBHOOK, rules: rules.filter(({ text }) => text !== null) }; // no rule at all is an error
}

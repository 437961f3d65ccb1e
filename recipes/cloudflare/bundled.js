// A Cloudflare Worker with its rules in the bundle: wrangler turns an imported .yaml into text. Add an import for each rule.
// An environment variable holds 5 KB at most, which is one rule.

import { createHandler } from 'forepost/worker';
import rootSignIn from './rules/root-sign-in.yaml';

let handler; // made with the first request, because the start of a Worker has little CPU time

export default {
  fetch(request, env) {
    handler ??= createHandler({ key: env.FOREPOST_KEY, webhook: env.FOREPOST_WEBHOOK, rules: [{ file: 'root-sign-in.yaml', text: rootSignIn }] });
    return handler(request);
  },
};

import type { Alert, Rule, SavedFunctions, Table } from './index.js';

export interface HandlerOptions {
  /** Shared secret. Senders pass it as `X-Amz-Firehose-Access-Key`, `X-Api-Key` or `Authorization: Bearer`. */
  key?: string;
  /** Whether to accept events without a key. Default: false; the handler then refuses every request if `key` is missing. */
  open?: boolean;
  /** The rules to run. Default: the 51 that are built in. The environment variable FOREPOST_RULES holds one rule's text. */
  rules?: string | readonly Rule[];
  /** Tables besides AWSCloudTrail that the rules can read. */
  tables?: readonly Table[];
  /** Functions that the workspace has saved. */
  functions?: SavedFunctions;
  /** The URL that receives alerts: POST requests with a JSON array and an `Idempotency-Key`. */
  webhook?: string;
  /**
   * Called with the alerts of a request. The response waits for it. If it fails, the sender gets status 502 without the reason, which goes to
   * the log, and tries again.
   */
  onAlerts?: (alerts: Alert[]) => void | Promise<void>;
  /** Whether alerts carry their source events in `Evidence`. Default: true. */
  evidence?: boolean;
  /** The workspace id in the alerts. Default: `forepost`. */
  workspace?: string;
  /** Maximum size of a request body in bytes. Default: 32 MiB. Beyond it: 413. */
  maxBytes?: number;
  /** Maximum size of a request body after decompression, at all levels. Default: 256 MiB. Beyond it: 413. */
  maxInflatedBytes?: number;
  /** Maximum number of events, and of parts that are none, in a request. Default: 500,000. Beyond it: 413. */
  maxEvents?: number;
  /** Maximum number of bytes of all bodies that have not arrived completely. Default: 128 MiB. Beyond it: 503 with `Retry-After`. */
  maxWaitingBytes?: number;
  /** How long a body may take to arrive, in seconds. Default: 60. Beyond it: 408. */
  maxSeconds?: number;
}

/**
 * Creates a fetch handler. It answers POST / with events, GET /health and GET /counters. The answer to events is
 * `{"alerts", "events", "problems", "account"}`, where `account` is an `Account`.
 *
 * @example A Cloudflare Worker with its own rules. Bundle the rules: an environment variable holds only 5 KB.
 * ```js
 * import { createHandler } from 'forepost/worker';
 * import rule from './my-rule.yaml'; // wrangler.toml: [[rules]] type = "Text", globs = ["*.yaml"]
 *
 * let handler;
 * export default {
 *   fetch(request, env) {
 *     handler ??= createHandler({ key: env.FOREPOST_KEY, webhook: env.FOREPOST_WEBHOOK, rules: [rule] });
 *     return handler(request);
 *   },
 * };
 * ```
 */
export function createHandler(options: HandlerOptions): (request: Request) => Promise<Response>;

/**
 * A Worker module that takes its options from the environment: `FOREPOST_KEY`, `FOREPOST_RULES` (the YAML of one rule; Cloudflare limits it to
 * 5 KB), `FOREPOST_WEBHOOK` and `FOREPOST_MAX_BYTES`.
 *
 * @example
 * ```js
 * export { default } from 'forepost/worker';   // wrangler secret put FOREPOST_KEY
 * ```
 */
declare const worker: { fetch(request: Request, env?: object): Promise<Response> };
export default worker;

/**
 * Makes a listener for Node's `http.createServer` from a handler.
 *
 * @example
 * ```js
 * import { createServer } from 'node:http';
 * import { createHandler, toListener } from 'forepost/worker';
 *
 * createServer(toListener(createHandler({ key: process.env.FOREPOST_KEY }))).listen(8080);
 * ```
 */
export function toListener(handler: (request: Request) => Promise<Response>): (incoming: object, outgoing: object) => Promise<void>;

import type { Alert, Rule } from './index.js';

export interface HandlerOptions {
  /** What senders must know: as `X-Amz-Firehose-Access-Key`, `X-Api-Key` or `Authorization: Bearer`. */
  key?: string;
  /** Takes events from anyone. Default: false; without a key every request is refused. */
  open?: boolean;
  /** The rules to run. None: those that ship inside the module. */
  rules?: string | readonly Rule[];
  /** Where alerts are sent by POST, as a JSON array with an `Idempotency-Key`. */
  webhook?: string;
  /** Is waited for before the sender hears that all is well. */
  onAlerts?: (alerts: Alert[]) => void | Promise<void>;
  /** Whether alerts carry their source events. Default: true. */
  evidence?: boolean;
  /** The workspace that alerts name. */
  workspace?: string;
  /** How large a body may be. Default: 32 MiB. */
  maxBytes?: number;
  /** How large it may be inflated. Default: 256 MiB. */
  maxInflatedBytes?: number;
}

/** A fetch handler: POST / takes events, GET /health and GET /counters tell about it. */
export function createHandler(options: HandlerOptions): (request: Request) => Promise<Response>;

/** The same as a Worker's module, configured by `FOREPOST_KEY`, `FOREPOST_RULES`, `FOREPOST_WEBHOOK` and `FOREPOST_MAX_BYTES`. */
declare const worker: { fetch(request: Request, env?: object): Promise<Response> };
export default worker;

/** In Node: a listener for `http.createServer`. */
export function toListener(handler: (request: Request) => Promise<Response>): (incoming: object, outgoing: object) => Promise<void>;

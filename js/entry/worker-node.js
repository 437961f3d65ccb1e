// The fetch handler in Node, Deno and Bun. Deno.serve and Bun.serve take it as it is; Node's http server takes `toListener` of it.

import * as engine from './node.js';
import { createHandler as create, createWorker } from '../worker.js';

export { toListener } from './listener.js';
export const createHandler = (options) => create(engine, options);
export default createWorker(engine);

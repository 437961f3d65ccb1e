// The fetch handler in a server that a bundler made: the module is inside.

import * as engine from './inline.js';
import { createHandler as create, createWorker } from '../worker.js';

export { toListener } from './listener.js';
export const createHandler = (options) => create(engine, options);
export default createWorker(engine);

// The worker in Cloudflare's runtime: `export { default } from 'forepost/worker'`.

import * as engine from './workerd.js';
import { createHandler as create, createWorker } from '../worker.js';

export const createHandler = (options) => create(engine, options);
export default createWorker(engine);

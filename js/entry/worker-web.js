// The fetch handler wherever the module lies beside the package.

import * as engine from './web.js';
import { createHandler as create, createWorker } from '../worker.js';

export const createHandler = (options) => create(engine, options);
export default createWorker(engine);

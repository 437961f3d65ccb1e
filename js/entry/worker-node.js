// The fetch handler in Node, Deno and Bun. Deno.serve and Bun.serve take it as it is; Node's http server takes `toListener` of it.

import * as engine from './node.js';
import { createHandler as create, createWorker } from '../worker.js';

export const createHandler = (options) => create(engine, options);
export default createWorker(engine);

/** A listener for `http.createServer`. */
export function toListener(handler) {
  return async (incoming, outgoing) => {
    const gone = new AbortController();
    incoming.on('error', () => gone.abort());
    outgoing.on('close', () => { if (!outgoing.writableFinished) gone.abort(); });
    const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values]) => values.map((value) => [name, value]));
    const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
    let request;
    try {
      request = new Request(new URL(incoming.url, 'http://localhost'), {
        method: incoming.method, headers, signal: gone.signal, ...(hasBody && { body: ReadableStream.from(incoming), duplex: 'half' }),
      });
    } catch {
      outgoing.writeHead(400).end();
      return;
    }
    const response = await handler(request);
    if (gone.signal.aborted) return;
    // What was refused before its end cannot be followed by another request.
    if (!incoming.complete) outgoing.setHeader('connection', 'close');
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  };
}

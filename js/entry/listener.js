// The fetch handler in Node's http server.

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

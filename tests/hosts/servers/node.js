import { createServer } from 'node:http';
import { createHandler, toListener } from 'forepost/worker';

const { FOREPOST_KEY: key, FOREPOST_WEBHOOK: webhook, FOREPOST_MAX_BYTES: maxBytes } = process.env;
const server = createServer(toListener(createHandler({ key, webhook, maxBytes: Number(maxBytes) })));
server.listen(Number(process.env.PORT), '127.0.0.1');

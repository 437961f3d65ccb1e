import worker from 'forepost/worker';

Bun.serve({ hostname: '127.0.0.1', port: process.env.PORT, maxRequestBodySize: 1 << 30, fetch: (request) => worker.fetch(request, process.env) });

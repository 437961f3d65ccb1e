import worker from 'forepost/worker';

const env = Deno.env.toObject();
Deno.serve({ hostname: '127.0.0.1', port: Number(env.PORT) }, (request) => worker.fetch(request, env));

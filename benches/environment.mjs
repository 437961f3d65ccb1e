// A machine's certificates have nothing to do with logs: Node reads them at its start where this is set, for 40 ms.
const { NODE_EXTRA_CA_CERTS, ...environment } = process.env;

/** What processes that are measured are given. */
export { environment };

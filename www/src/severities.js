/** Sentinel's severities, the gravest first. */
export const SEVERITIES = ['High', 'Medium', 'Low', 'Informational'];

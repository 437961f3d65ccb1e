// Rows as CSV, as RFC 4180 has it.

/** A spreadsheet must not run a cell: text that begins like a formula gets an apostrophe before it. */
const cell = (value) => {
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)) : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export const csv = (columns, rows) => `${[columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;

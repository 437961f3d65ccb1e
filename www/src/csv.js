// Rows as a file of CSV.

import { csvLine } from 'forepost/cells.js';

export const csv = (columns, rows) => [columns, ...rows].map(csvLine).join('');

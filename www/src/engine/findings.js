// Alerts that say the same.

/** Runs of one rule over the same evidence as one finding: the first run, and all of them in `runs`. */
export function findings(alerts) {
  const found = new Map();
  for (const alert of [...alerts].sort((a, b) => a.ran - b.ran)) {
    const known = found.get(alert.finding);
    if (known) known.runs.push(alert);
    else found.set(alert.finding, { ...alert, runs: [alert] });
  }
  return [...found.values()];
}

// MITRE ATT&CK as rules write it. Names and tactics are the package's own.

import BY_TACTIC from 'forepost/catalogue/tactics.json';

export { NAMES, tacticName } from 'forepost/catalogue/attack.js';

/** The enterprise tactics in the order of the matrix. */
export const TACTICS = ['Reconnaissance', 'ResourceDevelopment', 'InitialAccess', 'Execution', 'Persistence', 'PrivilegeEscalation', 'DefenseEvasion', 'CredentialAccess', 'Discovery',
  'LateralMovement', 'Collection', 'CommandAndControl', 'Exfiltration', 'Impact'];

/** Where a technique stands: in those of its tactics that the rule names, else in all that the rule names. */
export function tacticsOf(id, named) {
  const both = named.filter((tactic) => BY_TACTIC[tactic]?.includes(Number(id.slice(1, 5))));
  return both.length ? both : named;
}

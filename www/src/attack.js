// MITRE ATT&CK as rules write it.

/** The enterprise tactics in the order of the matrix. */
export const TACTICS = ['Reconnaissance', 'ResourceDevelopment', 'InitialAccess', 'Execution', 'Persistence', 'PrivilegeEscalation', 'DefenseEvasion', 'CredentialAccess', 'Discovery',
  'LateralMovement', 'Collection', 'CommandAndControl', 'Exfiltration', 'Impact'];

/** `DefenseEvasion` as people read it. */
export const spaced = (tactic) => tactic.replace(/([a-z])([A-Z])/g, '$1 $2');

/** Techniques of clouds: name and tactics. Of others, a rule's own tactics count. */
export const TECHNIQUES = {
  T1078: ['Valid Accounts', 'InitialAccess', 'Persistence', 'PrivilegeEscalation', 'DefenseEvasion'], T1190: ['Exploit Public-Facing Application', 'InitialAccess'], T1199: ['Trusted Relationship', 'InitialAccess'],
  T1566: ['Phishing', 'InitialAccess'], T1059: ['Command and Scripting Interpreter', 'Execution'], T1648: ['Serverless Execution', 'Execution'], T1651: ['Cloud Administration Command', 'Execution'],
  T1204: ['User Execution', 'Execution'], T1610: ['Deploy Container', 'Execution', 'DefenseEvasion'], T1098: ['Account Manipulation', 'Persistence', 'PrivilegeEscalation'], T1136: ['Create Account', 'Persistence'],
  T1525: ['Implant Internal Image', 'Persistence'], T1546: ['Event Triggered Execution', 'Persistence', 'PrivilegeEscalation'], T1556: ['Modify Authentication Process', 'CredentialAccess', 'DefenseEvasion', 'Persistence'],
  T1548: ['Abuse Elevation Control Mechanism', 'PrivilegeEscalation', 'DefenseEvasion'], T1484: ['Domain or Tenant Policy Modification', 'PrivilegeEscalation', 'DefenseEvasion'],
  T1562: ['Impair Defenses', 'DefenseEvasion'], T1070: ['Indicator Removal', 'DefenseEvasion'], T1535: ['Unused/Unsupported Cloud Regions', 'DefenseEvasion'], T1578: ['Modify Cloud Compute Infrastructure', 'DefenseEvasion'],
  T1550: ['Use Alternate Authentication Material', 'DefenseEvasion', 'LateralMovement'], T1110: ['Brute Force', 'CredentialAccess'], T1552: ['Unsecured Credentials', 'CredentialAccess'],
  T1555: ['Credentials from Password Stores', 'CredentialAccess'], T1528: ['Steal Application Access Token', 'CredentialAccess'], T1621: ['MFA Request Generation', 'CredentialAccess'], T1606: ['Forge Web Credentials', 'CredentialAccess'],
  T1087: ['Account Discovery', 'Discovery'], T1580: ['Cloud Infrastructure Discovery', 'Discovery'], T1526: ['Cloud Service Discovery', 'Discovery'], T1538: ['Cloud Service Dashboard', 'Discovery'],
  T1619: ['Cloud Storage Object Discovery', 'Discovery'], T1069: ['Permission Groups Discovery', 'Discovery'], T1046: ['Network Service Discovery', 'Discovery'], T1201: ['Password Policy Discovery', 'Discovery'],
  T1021: ['Remote Services', 'LateralMovement'], T1563: ['Remote Service Session Hijacking', 'LateralMovement'], T1530: ['Data from Cloud Storage', 'Collection'], T1119: ['Automated Collection', 'Collection'], T1213: ['Data from Information Repositories', 'Collection'],
  T1537: ['Transfer Data to Cloud Account', 'Exfiltration'], T1567: ['Exfiltration Over Web Service', 'Exfiltration'], T1485: ['Data Destruction', 'Impact'], T1486: ['Data Encrypted for Impact', 'Impact'],
  T1490: ['Inhibit System Recovery', 'Impact'], T1496: ['Resource Hijacking', 'Impact'], T1498: ['Network Denial of Service', 'Impact'], T1531: ['Account Access Removal', 'Impact'], T1491: ['Defacement', 'Impact'],
};

/** Where a technique stands: in those of its tactics that the rule names, else in all that the rule names. */
export function tacticsOf(id, named) {
  const [, ...own] = TECHNIQUES[id.split('.')[0]] ?? [];
  const both = named.filter((tactic) => own.includes(tactic));
  return both.length ? both : named;
}

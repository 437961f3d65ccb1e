// ATT&CK: names of the techniques that rules over cloud logs name, and the Navigator's layer.

/** © The MITRE Corporation. ATT&CK's names are reproduced with its permission; version 17, techniques of the cloud matrices. */
export const NAMES = {
  T1021: 'Remote Services', T1037: 'Boot or Logon Initialization Scripts', T1027: 'Obfuscated Files or Information', T1041: 'Exfiltration Over C2 Channel', T1046: 'Network Service Discovery', T1048: 'Exfiltration Over Alternative Protocol',
  T1053: 'Scheduled Task/Job', T1059: 'Command and Scripting Interpreter', T1068: 'Exploitation for Privilege Escalation', T1069: 'Permission Groups Discovery', T1070: 'Indicator Removal',
  T1071: 'Application Layer Protocol', T1074: 'Data Staged', T1078: 'Valid Accounts', T1082: 'System Information Discovery', T1083: 'File and Directory Discovery', T1087: 'Account Discovery',
  T1090: 'Proxy', T1098: 'Account Manipulation', T1105: 'Ingress Tool Transfer', T1106: 'Native API', T1110: 'Brute Force', T1133: 'External Remote Services', T1136: 'Create Account', T1119: 'Automated Collection',
  T1189: 'Drive-by Compromise', T1190: 'Exploit Public-Facing Application', T1195: 'Supply Chain Compromise', T1199: 'Trusted Relationship', T1201: 'Password Policy Discovery',
  T1203: 'Exploitation for Client Execution', T1204: 'User Execution', T1212: 'Exploitation for Credential Access', T1213: 'Data from Information Repositories', T1484: 'Domain or Tenant Policy Modification',
  T1485: 'Data Destruction', T1486: 'Data Encrypted for Impact', T1489: 'Service Stop', T1490: 'Inhibit System Recovery', T1491: 'Defacement', T1496: 'Resource Hijacking',
  T1498: 'Network Denial of Service', T1499: 'Endpoint Denial of Service', T1505: 'Server Software Component', T1518: 'Software Discovery', T1525: 'Implant Internal Image', T1526: 'Cloud Service Discovery',
  T1528: 'Steal Application Access Token', T1530: 'Data from Cloud Storage', T1531: 'Account Access Removal', T1534: 'Internal Spearphishing', T1535: 'Unused/Unsupported Cloud Regions',
  T1537: 'Transfer Data to Cloud Account', T1538: 'Cloud Service Dashboard', T1539: 'Steal Web Session Cookie', T1546: 'Event Triggered Execution', T1548: 'Abuse Elevation Control Mechanism',
  T1550: 'Use Alternate Authentication Material', T1552: 'Unsecured Credentials', T1555: 'Credentials from Password Stores', T1556: 'Modify Authentication Process', T1561: 'Disk Wipe', T1563: 'Remote Service Session Hijacking',
  T1562: 'Impair Defenses', T1564: 'Hide Artifacts', T1565: 'Data Manipulation', T1566: 'Phishing', T1567: 'Exfiltration Over Web Service', T1570: 'Lateral Tool Transfer',
  T1578: 'Modify Cloud Compute Infrastructure', T1580: 'Cloud Infrastructure Discovery', T1583: 'Acquire Infrastructure', T1586: 'Compromise Accounts', T1589: 'Gather Victim Identity Information', T1606: 'Forge Web Credentials',
  T1609: 'Container Administration Command', T1610: 'Deploy Container', T1611: 'Escape to Host', T1613: 'Container and Resource Discovery', T1619: 'Cloud Storage Object Discovery',
  T1621: 'Multi-Factor Authentication Request Generation', T1648: 'Serverless Execution', T1651: 'Cloud Administration Command', T1654: 'Log Enumeration', T1657: 'Financial Theft',
  T1666: 'Modify Cloud Resource Hierarchy', T1671: 'Cloud Application Integration',
  'T1021.004': 'SSH', 'T1021.007': 'Cloud Services', 'T1059.009': 'Cloud API', 'T1069.003': 'Cloud Groups', 'T1078.001': 'Default Accounts', 'T1078.004': 'Cloud Accounts', 'T1087.004': 'Cloud Account',
  'T1098.001': 'Additional Cloud Credentials', 'T1098.003': 'Additional Cloud Roles', 'T1098.004': 'SSH Authorized Keys', 'T1098.006': 'Additional Container Cluster Roles',
  'T1110.001': 'Password Guessing', 'T1110.003': 'Password Spraying', 'T1136.003': 'Cloud Account', 'T1213.006': 'Databases', 'T1484.002': 'Trust Modification', 'T1485.001': 'Lifecycle-Triggered Deletion',
  'T1496.001': 'Compute Hijacking', 'T1496.004': 'Cloud Service Hijacking', 'T1548.005': 'Temporary Elevated Cloud Access', 'T1550.001': 'Application Access Token', 'T1552.001': 'Credentials In Files', 'T1552.005': 'Cloud Instance Metadata API',
  'T1555.006': 'Cloud Secrets Management Stores', 'T1556.006': 'Multi-Factor Authentication', 'T1556.007': 'Hybrid Identity', 'T1556.009': 'Conditional Access Policies', 'T1562.001': 'Disable or Modify Tools',
  'T1562.007': 'Disable or Modify Cloud Firewall', 'T1562.008': 'Disable or Modify Cloud Logs', 'T1578.001': 'Create Snapshot', 'T1578.002': 'Create Cloud Instance', 'T1578.003': 'Delete Cloud Instance',
  'T1578.004': 'Revert Cloud Instance', 'T1578.005': 'Modify Cloud Compute Configurations',
};

/** `DefenseEvasion` as people write it. */
export const tacticName = (tactic) => tactic.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').replace(' And ', ' and ');

/**
 * The matrix: a column for each tactic, `[{tactic, cells: [{technique, rules}]}]`. A technique stands under those tactics of its rule
 * that it serves; under all of them if ATT&CK, as far as `tactics` knows it, lacks it. A sub-technique counts for its parent.
 */
export function matrix(rules, tactics) {
  const known = new Set(Object.values(tactics).flat());
  return Object.keys(tactics).filter((tactic) => tactics[tactic].length > 0 || rules.some((rule) => rule.tactics.includes(tactic))).map((tactic) => {
    const cells = new Map();
    for (const rule of rules.filter((each) => each.tactics.includes(tactic))) {
      for (const technique of rule.techniques) {
        const number = Number(technique.slice(1));
        if (known.has(number) && !tactics[tactic].includes(number)) continue;
        cells.set(technique, [...(cells.get(technique) ?? []), rule]);
      }
    }
    return { tactic, cells: [...cells].sort(([a], [b]) => (a < b ? -1 : 1)).map(([technique, those]) => ({ technique, rules: those })) };
  });
}

/** A layer for MITRE's ATT&CK Navigator, format 4.5: the score is the number of rules. */
export function navigator(title, rules, tactics) {
  const score = (technique) => rules.filter(({ techniques, subTechniques }) => techniques.includes(technique) || subTechniques.includes(technique));
  const techniques = matrix(rules, tactics).flatMap(({ tactic, cells }) => cells.flatMap(({ technique, rules: those }) => {
    const subs = [...new Set(those.flatMap(({ subTechniques }) => subTechniques.filter((sub) => sub.startsWith(`${technique}.`))))].sort();
    return [technique, ...subs].map((id) => {
      const named = score(id).filter((rule) => those.includes(rule));
      return { techniqueID: id, tactic: tacticName(tactic).toLowerCase().replaceAll(' ', '-'), score: named.length, comment: named.map(({ name }) => name).join('\n'), enabled: true, showSubtechniques: subs.length > 0 };
    });
  }));
  return {
    name: title,
    versions: { attack: '17', navigator: '5.1.0', layer: '4.5' },
    domain: 'enterprise-attack',
    description: `Techniques that ${rules.length} Sentinel rules name`,
    techniques,
    gradient: { colors: ['#ffffff', '#66b1ff'], minValue: 0, maxValue: Math.max(1, ...techniques.map(({ score: n }) => n)) },
    sorting: 3,
    hideDisabled: false,
  };
}

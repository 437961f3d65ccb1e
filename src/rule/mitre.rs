//! MITRE ATT&CK: the tactics Sentinel knows, and the techniques of each.

/// A tactic as Sentinel spells it, and the numbers of the enterprise techniques that serve it (`T1078` is 1078).
/// Source: MITRE's enterprise matrix as of 2025, by hand; a warning is all that hangs on it. The matrices for industrial
/// systems are not listed: techniques that stand nowhere here are not checked against tactics.
pub const TACTICS: &[(&str, &[u16])] = &[
    ("Reconnaissance", &[1589, 1590, 1591, 1592, 1593, 1594, 1595, 1596, 1597, 1598, 1681]),
    ("ResourceDevelopment", &[1583, 1584, 1585, 1586, 1587, 1588, 1608, 1650]),
    ("InitialAccess", &[1078, 1091, 1133, 1189, 1190, 1195, 1199, 1200, 1566, 1659, 1669]),
    (
        "Execution",
        &[1047, 1053, 1059, 1072, 1106, 1129, 1203, 1204, 1559, 1569, 1609, 1610, 1648, 1651, 1674, 1675],
    ),
    (
        "Persistence",
        &[
            1037, 1053, 1078, 1098, 1112, 1133, 1136, 1137, 1176, 1197, 1205, 1505, 1525, 1542, 1543, 1546,
            1547, 1554, 1556, 1574, 1653, 1668, 1671,
        ],
    ),
    (
        "PrivilegeEscalation",
        &[1037, 1053, 1055, 1068, 1078, 1098, 1134, 1484, 1543, 1546, 1547, 1548, 1574, 1611],
    ),
    (
        "DefenseEvasion",
        &[
            1006, 1014, 1027, 1036, 1055, 1070, 1078, 1112, 1127, 1134, 1140, 1197, 1202, 1205, 1207, 1211,
            1216, 1218, 1220, 1221, 1222, 1480, 1484, 1497, 1535, 1542, 1548, 1550, 1553, 1556, 1562, 1564,
            1574, 1578, 1599, 1600, 1601, 1610, 1612, 1620, 1622, 1647, 1656, 1666, 1672,
        ],
    ),
    (
        "CredentialAccess",
        &[
            1003, 1040, 1056, 1110, 1111, 1187, 1212, 1528, 1539, 1552, 1555, 1556, 1557, 1558, 1606, 1621,
            1649,
        ],
    ),
    (
        "Discovery",
        &[
            1007, 1010, 1012, 1016, 1018, 1033, 1040, 1046, 1049, 1057, 1069, 1082, 1083, 1087, 1120, 1124,
            1135, 1201, 1217, 1482, 1497, 1518, 1526, 1538, 1580, 1613, 1614, 1615, 1619, 1622, 1652, 1654,
            1673,
        ],
    ),
    ("LateralMovement", &[1021, 1072, 1080, 1091, 1210, 1534, 1550, 1563, 1570]),
    (
        "Collection",
        &[
            1005, 1025, 1039, 1056, 1074, 1113, 1114, 1115, 1119, 1123, 1125, 1185, 1213, 1530, 1557, 1560,
            1602,
        ],
    ),
    (
        "CommandAndControl",
        &[
            1001, 1008, 1071, 1090, 1092, 1095, 1102, 1104, 1105, 1132, 1205, 1219, 1568, 1571, 1572, 1573,
            1659, 1665,
        ],
    ),
    ("Exfiltration", &[1011, 1020, 1029, 1030, 1041, 1048, 1052, 1537, 1567]),
    ("Impact", &[1485, 1486, 1489, 1490, 1491, 1495, 1496, 1498, 1499, 1529, 1531, 1561, 1565, 1657, 1667]),
    ("PreAttack", &[]),
    ("ImpairProcessControl", &[]),
    ("InhibitResponseFunction", &[]),
];

/// Whether Sentinel knows a tactic of this name.
pub fn is_tactic(name: &str) -> bool {
    TACTICS.iter().any(|(n, _)| *n == name)
}

/// The technique and, if there is one, the whole sub-technique of `T1562.001`; `None` for another form.
pub fn technique(text: &str) -> Option<(&str, Option<&str>)> {
    let digits = |t: &str, n: usize| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
    let (technique, sub) = match text.split_once('.') {
        Some((technique, sub)) => (technique, Some(sub)),
        None => (text, None),
    };
    let known = digits(technique.strip_prefix('T')?, 4) && sub.is_none_or(|s| digits(s, 3));
    known.then_some((technique, sub.map(|_| text)))
}

/// The tactics a technique (`T1562`) serves; empty when it is not in the table.
pub fn tactics_of(technique: &str) -> Vec<&'static str> {
    let number = technique.strip_prefix('T').and_then(|n| n.parse::<u16>().ok());
    let serves = |techniques: &[u16]| number.is_some_and(|n| techniques.contains(&n));
    TACTICS.iter().filter(|(_, techniques)| serves(techniques)).map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques() {
        assert_eq!(technique("T1562.001"), Some(("T1562", Some("T1562.001"))));
        assert_eq!(technique("T1562"), Some(("T1562", None)));
        for wrong in ["", "T", "1562", "T156", "T1562.", "T1562.01", "t1562", "T15é2", "T1562.001.1"] {
            assert_eq!(technique(wrong), None, "{wrong}");
        }
        assert_eq!(tactics_of("T1484"), ["PrivilegeEscalation", "DefenseEvasion"]);
        assert!(tactics_of("T9999").is_empty());
        assert!(TACTICS.iter().all(|(_, t)| t.is_sorted()));
    }
}

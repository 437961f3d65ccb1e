//! The rules that ship inside the module: Microsoft's as published, and ours.

/// A rule of ours as file name and text.
macro_rules! ours {
    ($name:literal) => {
        (concat!("aws/", $name, ".yaml"), include_str!(concat!("../../rules/aws/", $name, ".yaml")))
    };
}

/// File name and text of each, which run where no rules are named.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("AWS_ECRImageScanningDisabled.yaml", include_str!("../../rules/AWS_ECRImageScanningDisabled.yaml")),
    ours!("access-key-quarantined"),
    ours!("administrator-policy-attached"),
    ours!("bedrock-access-requested"),
    ours!("bucket-policy-made-public"),
    ours!("bucket-recovery-removed"),
    ours!("command-run-by-newcomer"),
    ours!("config-stopped"),
    ours!("credentials-for-another-user"),
    ours!("database-made-public"),
    ours!("ecr-repository-shared"),
    ours!("eks-administrator-granted"),
    ours!("enumeration-denied"),
    ours!("federation-token-issued"),
    ours!("gpu-instances-by-newcomer"),
    ours!("guardduty-switched-off"),
    ours!("identity-provider-changed"),
    ours!("ingress-opened-to-the-world"),
    ours!("instance-credentials-in-two-places"),
    ours!("instance-secrets-read-in-bulk"),
    ours!("kms-key-disabled"),
    ours!("lambda-code-by-newcomer"),
    ours!("lambda-layer-never-seen"),
    ours!("lambda-opened"),
    ours!("messaging-opened"),
    ours!("mfa-device-removed"),
    ours!("network-logs-deleted"),
    ours!("new-user-made-administrator"),
    ours!("objects-deleted-by-newcomer"),
    ours!("objects-encrypted-with-customer-key"),
    ours!("organization-left"),
    ours!("organization-policy-removed"),
    ours!("parameters-read-in-bulk"),
    ours!("permissions-granted-to-self"),
    ours!("policy-grants-everything"),
    ours!("public-access-block-removed"),
    ours!("region-first-used"),
    ours!("remote-access-to-many-instances"),
    ours!("role-chain-across-accounts"),
    ours!("root-changes"),
    ours!("root-console-sign-in"),
    ours!("secrets-read-in-bulk"),
    ours!("security-services-switched-off"),
    ours!("sign-in-after-guessing"),
    ours!("sign-in-from-new-network"),
    ours!("sign-in-without-mfa"),
    ours!("snapshot-or-image-shared"),
    ours!("trail-stopped"),
    ours!("trail-weakened"),
    ours!("trust-opened-to-other-account"),
    ours!("user-data-changed"),
];

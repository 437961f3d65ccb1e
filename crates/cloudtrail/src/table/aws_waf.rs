//! `AWSWAF`: WAF's logs of requests.

use super::aws_cloudtrail::Certainty::{High, Low, Medium};
use super::logs::Origin::{Field, FirstOf, Milliseconds};
use super::logs::{LogTable, Only, column, with_standard_columns};
use kql::value::Type::{DateTime, Dynamic, Int, String as Text};

#[rustfmt::skip]
pub static TABLE: LogTable = LogTable {
    name: "AWSWAF",
    doc: "The requests that WAF's web ACLs looked at.",
    source: "Azure Monitor's reference of tables names columns, types and meanings; the names are those of AWS's fields. AWS keeps ExcludedRules, RuleGroupId and TerminatingRule in each rule group: the first one's are taken. TimeGenerated is documented as the time the log was processed; `timestamp` is the only time in it.",
    columns: with_standard_columns![
        column("Action", Text, Field(&["action"]), High),
        column("Args", Text, Field(&["httpRequest", "args"]), High),
        column("CaptchaResponse", Dynamic, Field(&["captchaResponse"]), High),
        column("ChallengeResponse", Dynamic, Field(&["challengeResponse"]), High),
        column("ClientIp", Text, Field(&["httpRequest", "clientIp"]), High),
        column("Country", Text, Field(&["httpRequest", "country"]), High),
        column("ExcludedRules", Dynamic, FirstOf(&[&["excludedRules"], &["ruleGroupList", "excludedRules"]]), Low),
        column("FormatVersion", Text, Field(&["formatVersion"]), High),
        column("Headers", Dynamic, Field(&["httpRequest", "headers"]), High),
        column("HttpMethod", Text, Field(&["httpRequest", "httpMethod"]), High),
        column("HttpRequest", Dynamic, Field(&["httpRequest"]), High),
        column("HttpSourceId", Text, Field(&["httpSourceId"]), High),
        column("HttpSourceName", Text, Field(&["httpSourceName"]), High),
        column("HttpVersion", Text, Field(&["httpRequest", "httpVersion"]), High),
        column("Ja3Fingerprint", Text, Field(&["ja3Fingerprint"]), High),
        column("Labels", Dynamic, Field(&["labels"]), High),
        column("NonTerminatingMatchingRules", Dynamic, Field(&["nonTerminatingMatchingRules"]), High),
        column("OversizeFields", Dynamic, Field(&["oversizeFields"]), High),
        column("RateBasedRuleList", Dynamic, Field(&["rateBasedRuleList"]), High),
        column("RequestHeadersInserted", Dynamic, Field(&["requestHeadersInserted"]), High),
        column("RequestId", Text, Field(&["httpRequest", "requestId"]), High),
        column("ResponseCodeSent", Int, Field(&["responseCodeSent"]), High),
        column("RuleGroupId", Text, FirstOf(&[&["ruleGroupId"], &["ruleGroupList", "ruleGroupId"]]), Low),
        column("RuleGroupList", Dynamic, Field(&["ruleGroupList"]), High),
        column("TerminatingRule", Dynamic, FirstOf(&[&["terminatingRule"], &["ruleGroupList", "terminatingRule"]]), Low),
        column("TerminatingRuleId", Text, Field(&["terminatingRuleId"]), High),
        column("TerminatingRuleMatchDetails", Dynamic, Field(&["terminatingRuleMatchDetails"]), High),
        column("TerminatingRuleType", Text, Field(&["terminatingRuleType"]), High),
        column("TimeGenerated", DateTime, Milliseconds(&["timestamp"]), Medium),
        column("Uri", Text, Field(&["httpRequest", "uri"]), High),
        column("WebAclId", Text, Field(&["webaclId"]), High),
    ],
    keys: &["timestamp", "formatVersion", "webaclId", "terminatingRuleId", "httpRequest"],
    only: Only::Keys,
    in_short: ["Action", "", "ClientIp", "", ""],
};

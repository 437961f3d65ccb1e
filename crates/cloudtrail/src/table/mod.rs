//! Records to rows: the tables that inputs fill, and those that a user supplies.

pub mod aws_cloudtrail;
mod aws_cloudwatch;
mod aws_guardduty;
mod aws_network_firewall;
mod aws_route53_resolver;
mod aws_s3_server_access;
mod aws_security_hub;
mod aws_vpc_flow;
mod aws_waf;
pub mod log_row;
pub mod logs;
pub mod user;

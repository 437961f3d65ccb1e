// node samples/company.js [EVENTS] [DAYS]: prints a quiet day of an invented company as NDJSON, of any size. No attack is in
// it; what is in it is all that looks like one: administrators, pipelines, Terraform, suppliers, people who forget passwords.
//
// The tests of the built-in rules read it: what alerts here is noise.

import { fileURLToPath } from 'node:url';
import { ACCOUNT, CLI, CONSOLE, DAY, event, HEX, HOUR, randomness, role, SDK, user } from './generate.js';

const TERRAFORM = 'APN/1.0 HashiCorp/1.0 Terraform/1.12.2 (+https://www.terraform.io) terraform-provider-aws/6.0.0';
const SUPPLIER = '444455556666';
const OFFICE = '198.51.100.41';

const engineer = (name, id, ip = OFFICE) => ({
  identity: role('AWSReservedSSO_Engineer_5c1e9a7b3d2f4068', `${name}@harbor.example`, id, 'aws-reserved/sso.amazonaws.com/'), ip, agent: CONSOLE, region: 'eu-west-1',
});
const machine = (name, session, id, ip, agent = SDK, region = 'eu-west-1') => ({ identity: role(name, session, id), ip, agent, region });
const service = (host) => ({ identity: () => ({ type: 'AWSService', invokedBy: host }), ip: host, agent: host, region: 'eu-west-1' });

const ACTORS = {
  ada: engineer('ada.novak', 'E1ADA'), ben: engineer('ben.okafor', 'E2BEN'), chen: engineer('chen.li', 'E3CHEN', '198.51.100.42'), dora: engineer('dora.silva', 'E4DORA', '203.0.113.60'),
  marta: { identity: user('marta.lindqvist', 'Q7MARTA2XK4N', true), ip: '198.51.100.23', agent: CONSOLE, region: 'eu-west-1' },
  legacy: { identity: user('report-export', 'L1LEGACY'), ip: '192.0.2.40', agent: CLI, region: 'eu-west-1' },
  deploy: machine('ci-deploy', 'pipeline-8841', 'D6DEPLY3MN7S', '192.0.2.11', SDK, 'us-east-1'),
  terraform: machine('terraform', 'apply-412', 'T1TERRA', '192.0.2.12', TERRAFORM),
  node: machine('eks-node', 'i-0a9c3f51e7d2b4680', 'N9NODES5RK2Y', '192.0.2.130'),
  web: machine('storefront-web', 'i-0b1d2c3e4f5a69788', 'W1WEB', '192.0.2.131'),
  worker: machine('invoice-worker', 'invoice-worker', 'K1WORK', '192.0.2.132'),
  cleaner: machine('temp-cleaner', 'temp-cleaner', 'C1CLEAN', '192.0.2.133'),
  config: machine('aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig', 'configLambdaExecution', 'S1CONF', 'config.amazonaws.com', 'config.amazonaws.com'),
  ec2: service('ec2.amazonaws.com'), lambda: service('lambda.amazonaws.com'), backup: service('backup.amazonaws.com'),
  monitor: { identity: () => ({ type: 'AWSAccount', principalId: 'AIDAMONITOR', accountId: SUPPLIER }), ip: '203.0.113.200', agent: SDK, region: 'eu-west-1' },
};

const PEOPLE = new Set(['ada', 'ben', 'chen', 'dora', 'marta']);
const instance = (r) => `i-0${r.text(HEX, 16)}`;
const object = (r) => `${r.text(HEX, 8)}.json`;

/** How often, who, on which service, what, whether it only reads, and with what. */
const ROUTINE = [
  [18, 'web', 'secretsmanager', 'GetSecretValue', true, (r) => ({ secretId: r.pick(['storefront/database', 'storefront/session', 'storefront/mail', 'storefront/search']) })],
  [10, 'worker', 'ssm', 'GetParameters', true, () => ({ names: ['/invoice/database', '/invoice/queue', '/invoice/bucket', '/invoice/mail'], withDecryption: true })],
  [10, 'worker', 's3', 'PutObject', false, (r) => ({ bucketName: 'harbor-invoices', key: object(r) })],
  [100, 'cleaner', 's3', 'DeleteObject', false, (r) => ({ bucketName: 'harbor-temp', key: object(r) })],
  [12, 'web', 's3', 'GetObject', true, (r) => ({ bucketName: 'harbor-assets', key: object(r) })],
  [12, 'node', 'ecr', 'BatchGetImage', true, () => ({ repositoryName: 'web/storefront', imageIds: [{ imageTag: 'stable' }] })],
  [8, 'node', 'ec2', 'DescribeInstances', true, (r) => ({ instancesSet: { items: [{ instanceId: instance(r) }] }, filterSet: {} })],
  [6, 'web', 'ssm', 'UpdateInstanceInformation', false, () => ({ instanceId: 'i-0b1d2c3e4f5a69788', agentName: 'amazon-ssm-agent' })],
  [10, 'web', 'kms', 'Decrypt', true, () => ({ encryptionAlgorithm: 'SYMMETRIC_DEFAULT' })],
  [6, 'ec2', 'sts', 'AssumeRole', true, () => ({ roleArn: `arn:aws:iam::${ACCOUNT}:role/storefront-web`, roleSessionName: 'i-0b1d2c3e4f5a69788' })],
  [6, 'lambda', 'sts', 'AssumeRole', true, () => ({ roleArn: `arn:aws:iam::${ACCOUNT}:role/resize-images`, roleSessionName: 'resize-images' })],
  [5, 'monitor', 'sts', 'AssumeRole', true, () => ({ roleArn: `arn:aws:iam::${ACCOUNT}:role/monitoring`, roleSessionName: 'poll', externalId: 'harbor' })],
  [4, 'deploy', 'sts', 'AssumeRole', true, () => ({ roleArn: `arn:aws:iam::${ACCOUNT}:role/terraform`, roleSessionName: 'apply-412' })],
  [4, 'deploy', 'ecr', 'PutImage', false, (r) => ({ repositoryName: 'web/storefront', imageTag: `v1.${r.below(90)}`, registryId: ACCOUNT })],
  [2, 'deploy', 'lambda', 'UpdateFunctionCode20150331v2', false, (r) => ({ functionName: r.pick(['resize-images', 'send-receipts']), publish: true, dryRun: false })],
  [1, 'deploy', 'lambda', 'UpdateFunctionConfiguration20150331v2', false, () => ({ functionName: 'resize-images', layers: [`arn:aws:lambda:us-east-1:${ACCOUNT}:layer:common:12`] })],
  [2, 'deploy', 'ssm', 'SendCommand', false, () => ({ documentName: 'AWS-RunShellScript', instanceIds: ['i-0b1d2c3e4f5a69788'], parameters: 'HIDDEN_DUE_TO_SECURITY_REASONS' })],
  [5, 'terraform', 'ec2', 'DescribeInstanceAttribute', true, (r) => ({ attribute: 'userData', instanceId: instance(r) })],
  [5, 'terraform', 'iam', 'GetRole', true, (r) => ({ roleName: r.pick(['storefront-web', 'invoice-worker', 'monitoring']) })],
  [3, 'terraform', 's3', 'GetBucketPolicy', true, (r) => ({ bucketName: r.pick(['harbor-invoices', 'harbor-assets']) })],
  [8, 'config', 'ec2', 'DescribeSecurityGroups', true, () => ({})], [6, 'config', 'iam', 'ListRoles', true, () => null], [4, 'config', 's3', 'ListBuckets', true, () => null], [4, 'config', 'rds', 'DescribeDBInstances', true, () => ({})],
  [3, 'backup', 'ec2', 'CreateSnapshot', false, (r) => ({ volumeId: `vol-0${r.text(HEX, 16)}` })], [3, 'backup', 'ec2', 'DeleteSnapshot', false, (r) => ({ snapshotId: `snap-0${r.text(HEX, 16)}` })],
  [2, 'legacy', 'sts', 'GetCallerIdentity', true, () => null], [2, 'legacy', 's3', 'GetObject', true, (r) => ({ bucketName: 'harbor-invoices', key: object(r) })],
  ...['ada', 'ben', 'chen', 'dora'].flatMap((who) => [
    [2, who, 'ec2', 'DescribeInstances', true, () => ({ instancesSet: {}, filterSet: {} })], [2, who, 'logs', 'FilterLogEvents', true, () => ({ logGroupName: '/storefront/web' })],
    [1, who, 'iam', 'ListRoles', true, () => null], [1, who, 's3', 'ListBuckets', true, () => null], [1, who, 'lambda', 'ListFunctions20150331', true, () => null],
  ]),
  [2, 'marta', 'iam', 'ListUsers', true, () => ({ maxItems: 100 })], [1, 'marta', 'iam', 'ListAccessKeys', true, () => ({ userName: 'report-export' })], [1, 'marta', 'cloudtrail', 'DescribeTrails', true, () => null],
];

const allow = (principal, more = {}) => [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more }];
const policy = (Statement) => JSON.stringify({ Version: '2012-10-17', Statement });
const closed = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
const port = (from, to, cidrIp) => ({ groupId: 'sg-0aa11bb22cc33dd44', ipPermissions: { items: [{ ipProtocol: 'tcp', fromPort: from, toPort: to, ipRanges: { items: [{ cidrIp }] } }] } });
const signedIn = (mfa = 'Yes', result = 'Success') => ({ responseElements: { ConsoleLogin: result }, additionalEventData: { LoginTo: 'https://console.aws.amazon.com/console/home', MobileVersion: 'No', MFAUsed: mfa } });

/** What happens once a day and is somebody's work, though each has a rule that looks at it. */
const WORK = [
  ['07:58', 'marta', 'signin', 'ConsoleLogin', null, signedIn('Yes', 'Failure')],
  ['07:59', 'marta', 'signin', 'ConsoleLogin', null, signedIn('Yes', 'Failure')],
  ['08:00', 'marta', 'signin', 'ConsoleLogin', null, signedIn()],
  ['08:20', 'ada', 'signin', 'ConsoleLogin', null, signedIn('No')],
  ['08:40', 'dora', 'signin', 'ConsoleLogin', null, signedIn('No')],
  // A new colleague, the own key, a leaver.
  ['09:05', 'marta', 'iam', 'CreateUser', { userName: 'eli.moreau' }],
  ['09:06', 'marta', 'iam', 'CreateLoginProfile', { userName: 'eli.moreau', passwordResetRequired: true }],
  ['09:07', 'marta', 'iam', 'AddUserToGroup', { userName: 'eli.moreau', groupName: 'finance' }],
  ['09:08', 'marta', 'iam', 'AttachUserPolicy', { userName: 'eli.moreau', policyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }],
  ['09:30', 'marta', 'iam', 'CreateAccessKey', { userName: 'marta.lindqvist' }],
  ['09:40', 'marta', 'iam', 'EnableMFADevice', { userName: 'eli.moreau', serialNumber: `arn:aws:iam::${ACCOUNT}:mfa/eli.moreau` }],
  ['16:30', 'marta', 'iam', 'DeleteLoginProfile', { userName: 'frida.haug' }],
  // The pipeline builds.
  ['10:00', 'terraform', 'iam', 'CreateRole', { roleName: 'search-indexer', assumeRolePolicyDocument: policy(allow({ Service: 'ecs-tasks.amazonaws.com' })) }],
  ['10:01', 'terraform', 'iam', 'PutRolePolicy', { roleName: 'search-indexer', policyName: 'read', policyDocument: policy([{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: '*' }]) }],
  ['10:02', 'terraform', 'iam', 'AttachRolePolicy', { roleName: 'search-indexer', policyArn: 'arn:aws:iam::aws:policy/CloudWatchLogsFullAccess' }],
  ['10:03', 'terraform', 'iam', 'UpdateAssumeRolePolicy', { roleName: 'terraform', policyDocument: policy(allow({ AWS: `arn:aws:iam::${ACCOUNT}:role/ci-deploy` })) }],
  ['10:04', 'terraform', 'iam', 'CreatePolicyVersion', { policyArn: `arn:aws:iam::${ACCOUNT}:policy/deny-regions`, setAsDefault: true, policyDocument: policy([{ Effect: 'Deny', Action: '*', Resource: '*' }]) }],
  ['10:05', 'terraform', 's3', 'CreateBucket', { bucketName: 'harbor-search' }],
  ['10:06', 'terraform', 's3', 'PutBucketPublicAccessBlock', { bucketName: 'harbor-search', PublicAccessBlockConfiguration: closed }],
  ['10:07', 'terraform', 's3', 'PutBucketVersioning', { bucketName: 'harbor-search', VersioningConfiguration: { Status: 'Enabled' } }],
  ['10:08', 'terraform', 's3', 'PutBucketLifecycle', { bucketName: 'harbor-temp', LifecycleConfiguration: { Rule: { ID: 'old', Status: 'Enabled', Prefix: '', Expiration: { Days: 30 } } } }],
  ['10:09', 'terraform', 's3', 'PutBucketPolicy', { bucketName: 'harbor-assets', bucketPolicy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::harbor-assets/*', Condition: { StringEquals: { 'aws:SourceArn': 'arn:aws:cloudfront::1:distribution/E1' } } }, { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }] } }],
  ['10:10', 'terraform', 'ec2', 'AuthorizeSecurityGroupIngress', port(443, 443, '0.0.0.0/0')],
  ['10:11', 'terraform', 'ec2', 'AuthorizeSecurityGroupIngress', port(22, 22, '198.51.100.0/24')],
  ['10:12', 'terraform', 'ec2', 'RunInstances', { instanceType: 'm7g.large', instancesSet: { items: [{ minCount: 1, maxCount: 2 }] } }],
  ['10:13', 'terraform', 'ec2', 'ModifyInstanceAttribute', { instanceId: 'i-0b1d2c3e4f5a69788', instanceType: { value: 'm7g.xlarge' } }],
  ['10:14', 'terraform', 'rds', 'CreateDBInstance', { dBInstanceIdentifier: 'search', publiclyAccessible: false }],
  ['10:15', 'terraform', 'kms', 'EnableKeyRotation', { keyId: '6b1f0c1e-0000-4000-8000-000000000001' }],
  ['10:16', 'terraform', 'cloudtrail', 'PutEventSelectors', { trailName: 'organization', eventSelectors: [{ readWriteType: 'All', includeManagementEvents: true }] }],
  ['10:17', 'terraform', 'lambda', 'AddPermission20150331v2', { functionName: 'resize-images', action: 'lambda:InvokeFunction', principal: 's3.amazonaws.com', statementId: 'bucket' }],
  ['10:18', 'terraform', 'ecr', 'SetRepositoryPolicy', { repositoryName: 'tools/base-image', policyText: policy(allow({ AWS: `arn:aws:iam::${ACCOUNT}:root` }, { Action: 'ecr:BatchGetImage' })) }],
  ['10:19', 'terraform', 'eks', 'AssociateAccessPolicy', { name: 'storefront', principalArn: `arn:aws:iam::${ACCOUNT}:role/ci-deploy`, policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy' }],
  ['10:20', 'terraform', 'guardduty', 'UpdateDetector', { detectorId: 'd1', enable: true, findingPublishingFrequency: 'FIFTEEN_MINUTES' }],
  // People at work.
  ['11:00', 'ada', 'ssm', 'StartSession', { target: 'i-0b1d2c3e4f5a69788' }],
  ['11:20', 'ada', 'ssm', 'StartSession', { target: 'i-0a9c3f51e7d2b4680' }],
  ['11:30', 'ben', 'iam', 'ListUsers', null, { errorCode: 'AccessDenied', errorMessage: 'not authorized' }],
  ['11:31', 'ben', 'iam', 'ListPolicies', null, { errorCode: 'AccessDenied', errorMessage: 'not authorized' }],
  ['11:32', 'ben', 'organizations', 'DescribeOrganization', null, { errorCode: 'AccessDeniedException', errorMessage: 'not authorized' }],
  ['11:45', 'chen', 'sagemaker', 'ListTrainingJobs', {}],
  ['12:10', 'dora', 'ec2', 'ModifySnapshotAttribute', { snapshotId: 'snap-0a', attributeType: 'CREATE_VOLUME_PERMISSION', createVolumePermission: { remove: { items: [{ userId: SUPPLIER }] } } }],
  ['13:00', 'chen', 'ec2', 'ModifyImageAttribute', { imageId: 'ami-0a', attributeType: 'launchPermission', launchPermission: { add: { items: [{ userId: '777788889999' }] } } }],
  ['14:00', 'marta', 'iam', 'CreateAccessKey', { userName: 'report-export' }],
  ['15:00', 'legacy', 'secretsmanager', 'GetSecretValue', { secretId: 'reports/warehouse' }],
  ['15:30', 'ben', 'bedrock', 'ListFoundationModels', {}],
];

/** The events of a number of days, in the order of time: about as many a day as are asked for. */
export function* company(events = 10_000, days = 1) {
  const random = randomness(41);
  const weighted = ROUTINE.flatMap(([weight, ...what]) => Array.from({ length: weight }, () => what));
  for (let day = 0; day < days; day++) {
    const start = DAY + day * 24 * HOUR;
    const plan = Array.from({ length: events - WORK.length }, () => {
      const [who, ...what] = random.pick(weighted);
      const at = PEOPLE.has(who) ? 7 * HOUR + random.below(10 * 3600) * 1e3 : random.below(24 * 3600) * 1e3;
      return [start + at, who, what];
    });
    for (const [clock, who, name, call, parameters, rest] of WORK) {
      const [hour, minute] = clock.split(':').map(Number);
      plan.push([start + hour * HOUR + minute * 60e3, who, [name, call, false, () => parameters, rest]]);
    }
    plan.sort(([a], [b]) => a - b);
    for (const [at, who, [name, call, readOnly, parameters, rest = {}]] of plan) {
      const record = event(random, at, ACTORS[who], name, call, readOnly, parameters(random), rest);
      yield rest.additionalEventData ? { ...record, eventType: 'AwsConsoleSignIn', additionalEventData: rest.additionalEventData } : record;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [events, days] = process.argv.slice(2).map(Number);
  for (const record of company(events, days)) process.stdout.write(`${JSON.stringify(record)}\n`);
}

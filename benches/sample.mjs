// Our own events, for machines without a corpus: the shapes and sizes of everyday CloudTrail.

const NAMES = [
  ['s3.amazonaws.com', 'GetObject', true], ['s3.amazonaws.com', 'PutObject', false], ['sts.amazonaws.com', 'AssumeRole', true],
  ['kms.amazonaws.com', 'Decrypt', true], ['ec2.amazonaws.com', 'DescribeInstances', true], ['ec2.amazonaws.com', 'RunInstances', false],
  ['iam.amazonaws.com', 'ListUsers', true], ['logs.amazonaws.com', 'CreateLogStream', false], ['ecr.amazonaws.com', 'BatchGetImage', true],
  ['lambda.amazonaws.com', 'Invoke', false], ['dynamodb.amazonaws.com', 'DescribeTable', true], ['cloudtrail.amazonaws.com', 'LookupEvents', true],
];

/** Two thousand events, one JSON text each, the same on every run. */
export function sampleEvents(count = 2000) {
  let seed = 1;
  const next = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const hex = (length) => Array.from({ length }, () => next(16).toString(16)).join('');
  return Array.from({ length: count }, (_, i) => {
    const [eventSource, eventName, readOnly] = NAMES[next(NAMES.length)];
    const user = `user${next(40)}`;
    return JSON.stringify({
      eventVersion: '1.08',
      userIdentity: {
        type: 'AssumedRole', principalId: `AROAEXAMPLE${hex(8)}:${user}`, arn: `arn:aws:sts::111122223333:assumed-role/app-${next(20)}/${user}`, accountId: '111122223333', accessKeyId: `ASIA${hex(16).toUpperCase()}`,
        sessionContext: { sessionIssuer: { type: 'Role', principalId: `AROA${hex(16)}`, arn: 'arn:aws:iam::111122223333:role/app', accountId: '111122223333', userName: 'app' }, webIdFederationData: {}, attributes: { creationDate: '2026-01-01T00:00:00Z', mfaAuthenticated: 'false' } },
      },
      eventTime: new Date(Date.UTC(2026, 0, 1) + i * 7000).toISOString().replace('.000', ''),
      eventSource, eventName, awsRegion: 'eu-central-1', sourceIPAddress: `198.51.100.${next(256)}`, userAgent: '[aws-sdk-java/2.20.1 Linux/5.10 OpenJDK_64-Bit_Server_VM/17]',
      requestParameters: { bucketName: `data-${next(9)}`, key: `year=2026/${hex(32)}.parquet`, ...(next(4) === 0 ? { policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: '*' }] }) } : {}) },
      responseElements: null, additionalEventData: { SignatureVersion: 'SigV4', CipherSuite: 'TLS_AES_128_GCM_SHA256', bytesTransferredOut: next(100000) },
      requestID: hex(16), eventID: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`, readOnly,
      resources: [{ accountId: '111122223333', type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::data-${next(9)}` }],
      eventType: 'AwsApiCall', managementEvent: next(2) === 0, recipientAccountId: '111122223333', eventCategory: 'Management', tlsDetails: { tlsVersion: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256', clientProvidedHostHeader: eventSource },
    });
  });
}

/** Our own event that the built-in rule alerts on. */
export function hit(i) {
  const time = new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString().replace('.000', '');
  return JSON.stringify({
    eventVersion: '1.11', userIdentity: { type: 'IAMUser', principalId: 'AIDAEXAMPLE', arn: 'arn:aws:iam::111122223333:user/dana', accountId: '111122223333', userName: 'dana' },
    eventTime: time, eventSource: 'ecr.amazonaws.com', eventName: 'PutImageScanningConfiguration', awsRegion: 'eu-central-1', sourceIPAddress: '198.51.100.7', userAgent: 'aws-cli/2.15',
    requestParameters: { repositoryName: 'shop/cart', imageScanningConfiguration: { scanOnPush: false } }, responseElements: null, requestID: `r-${i}`, eventID: `e-${i}`,
    readOnly: false, eventType: 'AwsApiCall', managementEvent: true, recipientAccountId: '111122223333',
  });
}

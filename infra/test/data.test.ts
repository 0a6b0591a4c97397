/** What holds state: tables, key, topic, kill switch. */
import { expect, test } from 'vitest';
import { REMEDIATION_NAMES } from '../lib/remediation-names';
import { statements } from './statements';
import { byName, HUB, ofType, ORGANISATION, plain, SINGLE, template, templates } from './synthesis';

const json = template(SINGLE);

test('tables have the keys, the expiry and the protection that they need', () => {
  const [[key]] = ofType(json, 'AWS::KMS::Key') as [[string, unknown]];
  const tables = ofType(json, 'AWS::DynamoDB::Table');
  expect(tables.length).toBe(2);
  for (const [, { Properties }] of tables) {
    expect(plain(Properties)).toMatchObject({
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: `\${${key}.Arn}` },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    // A name of its own would keep a table that was left behind in the way of the next one.
    expect(Properties['TableName']).toBeUndefined();
  }
});

test('baselines and their key outlive the stack, unless it was never there', () => {
  const kept = Object.entries(json.Resources).filter(([, one]) => one.DeletionPolicy === 'RetainExceptOnCreate');
  expect(kept.map(([id, one]) => [id.replace(/[0-9A-F]{8}$/, ''), one.UpdateReplacePolicy])).toEqual([
    ['GuardKey', 'Retain'],
    ['GuardBaselinesTable', 'Retain'],
  ]);
});

/** Another id would replace them: settings, messages and subscriptions would be gone. */
test('what holds state keeps its logical id', () => {
  const types = [
    'AWS::DynamoDB::Table',
    'AWS::KMS::Key',
    'AWS::SNS::Topic',
    'AWS::Events::EventBus',
    'AWS::SQS::Queue',
  ];
  const ids = types.flatMap((type) => ofType(template(ORGANISATION, 'portcullis-hub'), type).map(([id]) => id));
  expect(ids).toMatchInlineSnapshot(`
    [
      "GuardCountersTableC138EAE5",
      "GuardBaselinesTable7B117F6E",
      "GuardKeyC40D0F90",
      "GuardOnCallTopic7893B126",
      "Bus95A03305",
      "GuardstageloggingGuardedFailedQueueAF8C579F",
      "GuardstageloggingGuardedUndeliveredQueue613E725C",
      "GuardapiexposureGuardedFailedQueueB1C74620",
      "GuardapiexposureGuardedUndeliveredQueue13B8BCEC",
      "GuardapilifecycleGuardedFailedQueueB5EE5F54",
      "GuardapilifecycleGuardedUndeliveredQueue4D7DAC58",
      "GuardbaselineSweepsFailedQueue838C39E2",
      "GuardbaselineSweepsDBAF53F6",
      "GuardbaselineGuardedFailedQueueE07CB344",
      "GuardbaselineGuardedUndeliveredQueue406E41E8",
    ]
  `);
});

test('the topic lets the functions and the alarms of this account in, on secure connections', () => {
  const [, topic] = byName(json, 'AWS::SNS::Topic', 'TopicName', 'portcullis-on-call');
  expect(topic.Properties['KmsMasterKeyId']).toBeDefined();
  const policy = statements(json).filter((one) => one.where.startsWith('AWS::SNS::TopicPolicy'));
  expect(policy.map((one) => [one.effect, one.actions, one.principal, one.condition])).toEqual([
    ['Deny', ['sns:Publish'], '*', { Bool: { 'aws:SecureTransport': 'false' } }],
    [
      'Allow',
      ['sns:Publish'],
      { Service: 'cloudwatch.amazonaws.com' },
      {
        ArnLike: { 'aws:SourceArn': `arn:aws:cloudwatch:eu-west-1:${HUB}:alarm:portcullis-*` },
        StringEquals: { 'aws:SourceAccount': HUB },
      },
    ],
  ]);
  const key = statements(json).filter((one) => one.where.startsWith('AWS::KMS::Key') && one.principal.Service);
  expect(key.map((one) => [one.principal, one.actions])).toEqual([
    [{ Service: 'cloudwatch.amazonaws.com' }, ['kms:Decrypt', 'kms:GenerateDataKey']],
  ]);
});

test('the key turns, and policies/scp and policies/rcp can tell it from others', () => {
  const [[, key]] = ofType(json, 'AWS::KMS::Key') as [[string, any]];
  expect(key.Properties.EnableKeyRotation).toBe(true);
  expect(key.Properties.Tags).toContainEqual({ Key: 'portcullis:protected', Value: 'true' });
});

test('mail addresses subscribe', () => {
  const subscribed = template({ ...SINGLE, onCallEmails: ['a@example.com', 'b@example.com'] });
  const found = ofType(subscribed, 'AWS::SNS::Subscription').map(([, one]) => [
    one.Properties['Protocol'],
    one.Properties['Endpoint'],
  ]);
  expect(found).toEqual([
    ['email', 'a@example.com'],
    ['email', 'b@example.com'],
  ]);
});

/** CloudFormation writes the parameter again when any of this changes, and with it what people have set. */
test('the kill switch is the same whatever the configuration', () => {
  const remediation = Object.fromEntries(REMEDIATION_NAMES.map((name) => [name, { mode: 'auto' }]));
  const first = template({ ...SINGLE, remediation: { contain: { mode: 'approve' } } });
  const second = template({
    ...SINGLE,
    remediation,
    cloudWatchRoleName: 'logs',
    reservedConcurrency: 5,
    onCallEmails: ['a@example.com'],
  });
  for (const one of [first, second]) {
    expect(ofType(one, 'AWS::SSM::Parameter')).toEqual([
      [
        'GuardKillSwitchParameter7A4202E9',
        {
          Type: 'AWS::SSM::Parameter',
          Properties: {
            Name: '/portcullis/remediation',
            Type: 'String',
            Value: 'stop',
            AllowedPattern: '^(stop|allow)$',
            Description: 'Portcullis writes to API Gateway only while this says allow',
            Tags: { 'portcullis:stack': 'portcullis' },
          },
          DeletionPolicy: 'Delete',
          UpdateReplacePolicy: 'Delete',
        },
      ],
    ]);
  }
});

test('a later test finds its way by the outputs', () => {
  const outputs = (config: unknown, stack?: string) => Object.keys(template(config, stack).Outputs ?? {}).sort();
  const always = ['BaselineTableName', 'CounterTableName', 'SweepQueueUrl', 'TopicArn'];
  expect(outputs(SINGLE)).toEqual(always);
  expect(outputs({ ...SINGLE, remediation: { contain: { mode: 'auto' } } })).toEqual(
    [...always, 'KillSwitchName'].sort(),
  );
  expect(outputs(ORGANISATION, 'portcullis-hub')).toEqual([...always, 'BusArn'].sort());
  expect(Object.keys(templates(ORGANISATION))).toEqual(['portcullis-hub', 'portcullis-member']);
});

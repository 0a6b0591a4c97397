/** Events and heartbeats on their way: members, hub, other Regions of one account. */
import { describe, expect, test } from 'vitest';
import { grants, permissionsOf, trustOf } from './statements';
import { byName, HUB, MEMBERS, ofType, ORGANISATION, plain, SINGLE, template, templates, type Json } from './synthesis';

const PARTITION = '${AWS::Partition}';
const FORWARDED = {
  $or: [
    { source: ['aws.apigateway'], 'detail-type': ['AWS API Call via CloudTrail'] },
    { source: ['portcullis.heartbeat'] },
  ],
};

function forwards(json: Json, pattern: object, target: string, role: string): void {
  const [, rule] = byName(json, 'AWS::Events::Rule', 'Name', 'portcullis-forwarder');
  expect(rule.Properties['EventPattern']).toEqual(pattern);
  expect(rule.Properties['EventBusName']).toBeUndefined();
  const [queue] = byName(json, 'AWS::SQS::Queue', 'QueueName', 'portcullis-forwarder-undelivered');
  const [roleId] = ofType(json, 'AWS::IAM::Role').find(([id]) => id.startsWith('ForwarderRole'))!;
  expect(plain(rule.Properties['Targets'])).toEqual([
    { Arn: target, Id: 'Target0', RoleArn: `\${${roleId}.Arn}`, DeadLetterConfig: { Arn: `\${${queue}.Arn}` } },
  ]);
  expect(plain(json.Resources[roleId]!.Properties['RoleName'])).toBe(role);
  const statements = plain(json.Resources[roleId]!.Properties['Policies'])[0].PolicyDocument.Statement;
  expect(statements).toEqual([{ Sid: 'Forwards', Effect: 'Allow', Action: 'events:PutEvents', Resource: target }]);
}

function beats(json: Json, bus: string): void {
  const [, schedule] = byName(json, 'AWS::Scheduler::Schedule', 'Name', 'portcullis-heartbeat');
  expect(plain(schedule.Properties)).toMatchObject({
    ScheduleExpression: 'rate(15 minutes)',
    Target: { Arn: bus, EventBridgeParameters: { Source: 'portcullis.heartbeat', DetailType: 'Heartbeat' } },
  });
}

describe('a member', () => {
  const json = template(ORGANISATION, 'portcullis-member');
  const hubBus = `arn:${PARTITION}:events:eu-west-1:${HUB}:event-bus/portcullis`;

  test('forwards to the bus of the hub, from every Region', () => {
    forwards(json, FORWARDED, hubBus, 'portcullis-forwarder-${AWS::Region}');
  });

  test('sends heartbeats by the rule that forwards', () => {
    const bus = `arn:${PARTITION}:events:\${AWS::Region}:\${AWS::AccountId}:event-bus/default`;
    beats(json, bus);
    const [, role] = byName(json, 'AWS::IAM::Role', 'Description', 'Portcullis: puts heartbeats on the default bus');
    expect(plain(role.Properties['Policies'])[0].PolicyDocument.Statement).toEqual([
      {
        Sid: 'Beats',
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: bus,
        Condition: { 'ForAllValues:StringEquals': { 'events:source': 'portcullis.heartbeat' } },
      },
    ]);
  });

  test('has its roles once, in the home Region', () => {
    expect(plain(template(ORGANISATION, 'portcullis-member')).Conditions).toEqual({
      HomeRegion: { 'Fn::Equals': ['${AWS::Region}', 'eu-west-1'] },
    });
    const conditional = Object.values(json.Resources).filter((one) => one.Condition === 'HomeRegion');
    expect(conditional.map((one) => one.Properties['RoleName'])).toEqual(['portcullis-reader']);
    expect(grants(permissionsOf(json, 'portcullis-reader')).length).toBe(5);
    expect(trustOf(json, 'portcullis-reader').length).toBe(1);
  });

  test('names its accounts in the description and, all of them, in the metadata', () => {
    expect(json.Description).toBe(`Portcullis member: reads only. For ${MEMBERS.join(', ')}`);
    expect(json.Metadata?.['Portcullis']).toEqual({
      Accounts: [...MEMBERS],
      Regions: ['eu-west-1', 'us-east-1'],
      Remediations: [],
    });
    const ids = Array.from({ length: 200 }, (_, at) => String(200000000000 + at));
    const organisation = { id: 'o-exampleorg', accounts: Object.fromEntries(ids.map((id) => [id, {}])) };
    const many = template({ ...ORGANISATION, organisation, heartbeat: 'account' }, 'portcullis-member');
    expect(many.Description!.length).toBeLessThan(1024);
    expect(many.Description).toContain('and 160 more');
    expect(many.Metadata?.['Portcullis'].Accounts).toEqual(ids);
  });

  test.each(
    Object.entries(
      templates({ ...ORGANISATION, remediation: { contain: { targets: [{ accounts: [MEMBERS[0]], mode: 'auto' }] } } }),
    ).filter(([name]) => name.startsWith('portcullis-member')),
  )('%s serves as a StackSet template', (_, one) => {
    const text = JSON.stringify(one);
    expect(one.Parameters).toBeUndefined();
    expect(one.Rules).toBeUndefined();
    expect(text).not.toMatch(/cdk-hnb659fds|S3Bucket|S3Key|CustomResource|BootstrapVersion/);
    expect(ofType(one, 'AWS::Lambda::Function')).toEqual([]);
    expect(text.length).toBeLessThan(51_200);
    const named = new Set(text.match(/arn:[^"]*?(\d{12})/g)?.map((arn) => arn.slice(-12)) ?? []);
    expect([...named].filter((account) => account !== HUB)).toEqual([]);
  });
});

describe('the hub', () => {
  const json = template(ORGANISATION, 'portcullis-hub');

  test('counts the heartbeats of each account and Region', () => {
    const [bus] = byName(json, 'AWS::Events::EventBus', 'Name', 'portcullis');
    const rules = ofType(json, 'AWS::Events::Rule').filter(([, one]) =>
      one.Properties['Name'].startsWith('portcullis-heartbeat-'),
    );
    expect(rules.map(([, one]) => one.Properties['EventPattern'])).toEqual(
      MEMBERS.flatMap((account) =>
        ['eu-west-1', 'us-east-1'].map((region) => ({
          source: ['portcullis.heartbeat'],
          account: [account],
          region: [region],
        })),
      ),
    );
    for (const [, rule] of rules) expect(plain(rule.Properties['EventBusName'])).toBe(`\${${bus}}`);
  });

  test('an account that is silent for 45 minutes, in any Region, is an alarm', () => {
    for (const account of MEMBERS) {
      const [, alarm] = byName(json, 'AWS::CloudWatch::Alarm', 'AlarmName', `portcullis-heartbeat-${account}`);
      expect(alarm.Properties).toMatchObject({
        ComparisonOperator: 'LessThanThreshold',
        Threshold: 1,
        EvaluationPeriods: 3,
        TreatMissingData: 'breaching',
      });
      const [math, ...metrics] = plain(alarm.Properties['Metrics']) as any[];
      expect(math.Expression).toBe('MIN([FILL(m0, 0), FILL(m1, 0)])');
      expect(metrics.map((one) => [one.MetricStat.Period, one.MetricStat.Metric.MetricName])).toEqual([
        [900, 'TriggeredRules'],
        [900, 'TriggeredRules'],
      ]);
      const rules = metrics.map(
        (one) => one.MetricStat.Metric.Dimensions.find((two: any) => two.Name === 'RuleName').Value,
      );
      expect(rules).toEqual([`portcullis-heartbeat-${account}-eu-west-1`, `portcullis-heartbeat-${account}-us-east-1`]);
    }
  });

  test('more Regions than one alarm can hold make two', () => {
    const regions = [
      'eu-west-1',
      ...Array.from({ length: 11 }, (_, at) =>
        `xx-test-${at % 10}`.replace('xx-test', at < 10 ? 'us-east' : 'us-west'),
      ),
    ];
    const many = template({ ...ORGANISATION, regions }, 'portcullis-hub');
    const names = ofType(many, 'AWS::CloudWatch::Alarm').map(([, one]) => one.Properties['AlarmName']);
    expect(names.filter((name) => name.startsWith('portcullis-heartbeat-2'))).toEqual([
      'portcullis-heartbeat-222233334444',
      'portcullis-heartbeat-222233334444-2',
    ]);
  });

  test('by account, or not at all', () => {
    const byAccount = template({ ...ORGANISATION, heartbeat: 'account' }, 'portcullis-hub');
    const [, alarm] = byName(byAccount, 'AWS::CloudWatch::Alarm', 'AlarmName', `portcullis-heartbeat-${MEMBERS[0]}`);
    expect(alarm.Properties['MetricName']).toBe('TriggeredRules');
    const none = templates({ ...ORGANISATION, heartbeat: 'off' });
    expect(JSON.stringify(none['portcullis-hub'])).not.toContain('heartbeat');
    expect(ofType(none['portcullis-member']!, 'AWS::Scheduler::Schedule')).toEqual([]);
    forwards(
      none['portcullis-member']!,
      FORWARDED.$or[0]!,
      `arn:${PARTITION}:events:eu-west-1:${HUB}:event-bus/portcullis`,
      'portcullis-forwarder-${AWS::Region}',
    );
  });

  test('what does not fit into a stack is refused with the way out', () => {
    const ids = Array.from({ length: 201 }, (_, at) => String(200000000000 + at));
    const organisation = { id: 'o-exampleorg', accounts: Object.fromEntries(ids.map((id) => [id, {}])) };
    expect(() => templates({ ...ORGANISATION, organisation })).toThrow(
      'heartbeat: 402 rules, at most 200 fit into a stack: use `account`',
    );
    expect(() => templates({ ...ORGANISATION, organisation, heartbeat: 'account' })).toThrow('use `off`');
  });
});

describe('one account with several Regions', () => {
  const all = templates({ ...SINGLE, regions: ['eu-west-1', 'us-east-1'] });

  test('needs no hub: the others forward to the default bus of the home Region', () => {
    expect(Object.keys(all)).toEqual(['portcullis', 'portcullis-forwarder-us-east-1']);
    const json = all['portcullis-forwarder-us-east-1']!;
    forwards(
      json,
      FORWARDED,
      `arn:aws:events:eu-west-1:${HUB}:event-bus/default`,
      'portcullis-forwarder-${AWS::Region}',
    );
    beats(json, `arn:${PARTITION}:events:\${AWS::Region}:\${AWS::AccountId}:event-bus/default`);
    expect(json.Parameters).toBeUndefined();
    expect(ofType(all['portcullis']!, 'AWS::Events::EventBus')).toEqual([]);
  });

  test('and the home Region counts their heartbeats, not its own', () => {
    const names = ofType(all['portcullis']!, 'AWS::Events::Rule').map(([, one]) => one.Properties['Name'] as string);
    expect(names.filter((name) => name.includes('heartbeat'))).toEqual([`portcullis-heartbeat-${HUB}-us-east-1`]);
    const [, alarm] = byName(all['portcullis']!, 'AWS::CloudWatch::Alarm', 'AlarmName', `portcullis-heartbeat-${HUB}`);
    expect(alarm.Properties['Dimensions']).toEqual([
      { Name: 'RuleName', Value: `portcullis-heartbeat-${HUB}-us-east-1` },
    ]);
    expect(JSON.stringify(template(SINGLE))).not.toContain('portcullis.heartbeat');
  });
});

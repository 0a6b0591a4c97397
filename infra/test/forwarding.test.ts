/** Events and heartbeats on their way: members, hub, other Regions of one account. */
import { describe, expect, test } from 'vitest';
import { grants, permissionsOf, trustOf } from './statements';
import { REMEDIATION_NAMES } from '../lib/remediation-names';
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

  const contain = { contain: { targets: [{ accounts: [MEMBERS[0]], mode: 'auto' }] } };
  const everywhere = ['eu-west-1', ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap((at) => [`us-east-${at}`, `ap-south-${at}`])];
  const auto = Object.fromEntries(REMEDIATION_NAMES.map((name) => [name, { mode: 'auto' }]));
  test.each(
    [
      ...Object.entries(templates({ ...ORGANISATION, remediation: contain })),
      ...Object.entries(templates({ ...ORGANISATION, regions: everywhere, remediation: auto })),
    ].filter(([name]) => name.startsWith('portcullis-member')),
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
    // Together they send as many heartbeats as there are Regions: one that is silent shows in the sum.
    expect(alarm.Properties).toMatchObject({ MetricName: 'TriggeredRules', Threshold: 2, EvaluationPeriods: 3 });
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

  test('the alarm names nothing that is not there, wherever it is', () => {
    for (const one of [json, template({ ...SINGLE, regions: ['eu-west-1', 'us-east-1'] })]) {
      const alarms = ofType(one, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
      const silent = alarms.filter((alarm) => alarm['AlarmName'].startsWith('portcullis-heartbeat-'));
      for (const alarm of silent) expect(alarm['AlarmDescription']).not.toContain('portcullis-member');
      expect(silent.length).toBeGreaterThan(0);
    }
  });
});

/** As many as roles can name that write in all of them: docs/deploy.md, "Quotas". */
describe('more accounts than the stack of the hub can hold', () => {
  const ids = Array.from({ length: 450 }, (_, at) => String(200000000000 + at));
  const organisation = { id: 'o-exampleorg', accounts: Object.fromEntries(ids.map((id) => [id, {}])) };
  const onCallEmails = ['a@example.com', 'b@example.com', 'c@example.com'];
  const remediation = Object.fromEntries(REMEDIATION_NAMES.map((name) => [name, { mode: 'auto' }]));
  const many = { ...ORGANISATION, organisation, onCallEmails, remediation };
  const ofHub = (all: Record<string, Json>) => Object.entries(all).filter(([name]) => !name.includes('member'));
  const names = (json: Json, type: string, property: string) =>
    ofType(json, type)
      .map(([, one]) => one.Properties[property] as string)
      .filter((name) => name.startsWith('portcullis-heartbeat'));

  test.each([
    ['region', 6, 900],
    ['account', 3, 450],
  ])('have stacks of their own: by %s', (heartbeat, stacks, expected) => {
    const all = ofHub(templates({ ...many, heartbeat }));
    expect(all.map(([name]) => name)).toEqual([
      'portcullis-hub',
      ...Array.from({ length: stacks - 1 }, (_, at) => `portcullis-heartbeats-${at + 2}`),
    ]);
    for (const [, json] of all) expect(Object.keys(json.Resources).length).toBeLessThanOrEqual(500);
    const rules = all.flatMap(([, json]) => names(json, 'AWS::Events::Rule', 'Name'));
    const alarms = all.flatMap(([, json]) => names(json, 'AWS::CloudWatch::Alarm', 'AlarmName'));
    expect([rules.length, new Set(rules).size]).toEqual([expected, expected]);
    expect([alarms.length, new Set(alarms).size]).toEqual([450, 450]);
    for (const id of ids) expect(alarms.filter((name) => name.endsWith(`-${id}`)).length).toBe(1);
    const board = plain(byName(all[0]![1], 'AWS::CloudWatch::Dashboard', 'DashboardName', 'portcullis')[1].Properties);
    for (const alarm of alarms.filter((name) => name.startsWith('portcullis-heartbeats-'))) {
      expect(board.DashboardBody).toContain(`:alarm:${alarm}"`);
    }
  });

  test('which listen on the bus of the hub and speak through its topic', () => {
    const json = templates({ ...many, heartbeat: 'account' })['portcullis-heartbeats-2']!;
    for (const [, rule] of ofType(json, 'AWS::Events::Rule')) {
      expect(rule.Properties['EventBusName']).toBe('portcullis');
      expect(rule.Properties['EventPattern'].source).toEqual(['portcullis.heartbeat']);
    }
    const [, alarm] = ofType(json, 'AWS::CloudWatch::Alarm')[0]!;
    const topic = `arn:aws:sns:eu-west-1:${HUB}:portcullis-on-call`;
    expect(plain([alarm.Properties['AlarmActions'], alarm.Properties['OKActions']])).toEqual([[topic], [topic]]);
    expect(alarm.Properties['Dimensions']).toEqual([
      { Name: 'EventBusName', Value: 'portcullis' },
      { Name: 'RuleName', Value: alarm.Properties['AlarmName'] },
    ]);
    expect(alarm.Properties['TreatMissingData']).toBe('breaching');
  });

  /** An account that moves to another stack would otherwise be made there before it is gone here. */
  test('under names that no other stack has, whoever comes or goes', () => {
    const fewer = { ...organisation, accounts: Object.fromEntries(ids.slice(1).map((id) => [id, {}])) };
    const [before, after] = [organisation, fewer].map((one) =>
      ofHub(templates({ ...many, organisation: one, heartbeat: 'account' })),
    );
    const homes = new Map<string, string>();
    for (const [stack, json] of [...before!, ...after!]) {
      for (const name of names(json, 'AWS::CloudWatch::Alarm', 'AlarmName')) {
        expect(homes.get(name) ?? stack).toBe(stack);
        homes.set(name, stack);
      }
    }
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

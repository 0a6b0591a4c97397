/** The functions of both kinds of deployment: rule, queues, retries, alarms, environment, sweeps. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { FUNCTIONS } from '../lib/paths';
import { RULE_FUNCTIONS } from '../lib/remediation-names';
import { byName, ofType, ORGANISATION, plain, SINGLE, template, type Json } from './synthesis';

const NAMES = [...RULE_FUNCTIONS, 'baseline'];
const DEPLOYMENTS: [string, Json][] = [
  ['one account', template(SINGLE)],
  ['hub', template(ORGANISATION, 'portcullis-hub')],
];

function functionOf(json: Json, name: string) {
  return byName(json, 'AWS::Lambda::Function', 'FunctionName', `portcullis-${name}`);
}

function alarms(json: Json): Record<string, any> {
  return Object.fromEntries(
    ofType(json, 'AWS::CloudWatch::Alarm').map(([, one]) => [one.Properties['AlarmName'], plain(one.Properties)]),
  );
}

describe.each(DEPLOYMENTS)('%s', (_, json) => {
  test('every function of the repository is deployed, and no other', () => {
    const folders = fs.readdirSync(FUNCTIONS).filter((one) => fs.existsSync(path.join(FUNCTIONS, one, 'pattern.json')));
    const deployed = ofType(json, 'AWS::Lambda::Function').map(([, one]) => one.Properties['FunctionName']);
    expect(deployed.sort()).toEqual(folders.map((one) => `portcullis-${one}`).sort());
  });

  describe.each(NAMES)('%s', (name) => {
    const [id, fn] = functionOf(json, name);

    test('is a small binary on ARM with a brake and a role of its own', () => {
      expect(plain(fn.Properties)).toMatchObject({
        Runtime: 'provided.al2023',
        Handler: 'bootstrap',
        Architectures: ['arm64'],
        MemorySize: 256,
        Timeout: name === 'baseline' ? 900 : 120,
        ReservedConcurrentExecutions: 10,
      });
      const [role] = byName(json, 'AWS::IAM::Role', 'RoleName', `portcullis-${name}`);
      expect(plain(fn.Properties['Role'])).toBe(`\${${role}.Arn}`);
    });

    test('hears the pattern of its file, unchanged', () => {
      const [, rule] = byName(json, 'AWS::Events::Rule', 'Name', `portcullis-${name}`);
      const file = JSON.parse(fs.readFileSync(path.join(FUNCTIONS, name, 'pattern.json'), 'utf8')) as object;
      expect(rule.Properties['EventPattern']).toEqual(file);
      expect(rule.Properties['State']).toBe('ENABLED');
    });

    test('loses nothing: every rule has a queue, and so has every failure', () => {
      const [queue] = byName(json, 'AWS::SQS::Queue', 'QueueName', `portcullis-${name}-undelivered`);
      const targets = ofType(json, 'AWS::Events::Rule')
        .flatMap(([, rule]) => plain(rule.Properties['Targets'] ?? []) as any[])
        .filter((target) => target.Arn === `\${${id}.Arn}`);
      expect(targets.length).toBe(name === 'baseline' ? 3 : 1);
      for (const target of targets) {
        expect(target.DeadLetterConfig).toEqual({ Arn: `\${${queue}.Arn}` });
        expect(target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 });
      }

      const [failed] = byName(json, 'AWS::SQS::Queue', 'QueueName', `portcullis-${name}-failed`);
      const invoke = ofType(json, 'AWS::Lambda::EventInvokeConfig').map(([, one]) => plain(one.Properties));
      expect(invoke.filter((one) => one.FunctionName === `\${${id}}`)).toEqual([
        {
          FunctionName: `\${${id}}`,
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 2,
          MaximumEventAgeInSeconds: 6 * 3600,
          DestinationConfig: { OnFailure: { Destination: `\${${failed}.Arn}` } },
        },
      ]);
    });

    test('keeps its log for a while', () => {
      const [, group] = byName(json, 'AWS::Logs::LogGroup', 'LogGroupName', `/aws/lambda/portcullis-${name}`);
      expect(group.Properties['RetentionInDays']).toBe(90);
      expect(fn.Properties['LoggingConfig'].LogGroup).toBeDefined();
    });

    test('is watched', () => {
      const all = alarms(json);
      const one = (suffix: string) => all[`portcullis-${name}-${suffix}`];
      expect(one('errors')).toMatchObject({
        MetricName: 'Errors',
        Namespace: 'AWS/Lambda',
        Threshold: 3,
        Statistic: 'Sum',
      });
      expect(one('throttles')).toMatchObject({ MetricName: 'Throttles', Threshold: 1, EvaluationPeriods: 3 });
      for (const queue of ['failed', 'undelivered']) {
        const [queueId] = byName(json, 'AWS::SQS::Queue', 'QueueName', `portcullis-${name}-${queue}`);
        expect(one(`${queue}-not-empty`)).toMatchObject({
          MetricName: 'ApproximateNumberOfMessagesVisible',
          Dimensions: [{ Name: 'QueueName', Value: `\${${queueId}.QueueName}` }],
          Threshold: 1,
        });
      }
    });
  });

  test('every rule that invokes is watched, on its own bus', () => {
    const all = alarms(json);
    for (const [id, rule] of ofType(json, 'AWS::Events::Rule').filter(([, one]) => one.Properties['Targets'])) {
      const alarm = all[`${rule.Properties['Name']}-failed-invocations`];
      const bus = rule.Properties['EventBusName'];
      expect(alarm, rule.Properties['Name']).toMatchObject({
        Namespace: 'AWS/Events',
        MetricName: 'FailedInvocations',
      });
      expect(alarm.Dimensions).toEqual([
        ...(bus ? [{ Name: 'EventBusName', Value: plain(bus) }] : []),
        { Name: 'RuleName', Value: `\${${id}}` },
      ]);
    }
  });

  test('every alarm reaches on-call, when it goes and when it comes', () => {
    const [topic] = byName(json, 'AWS::SNS::Topic', 'TopicName', 'portcullis-on-call');
    for (const alarm of Object.values(alarms(json))) {
      expect(alarm.AlarmActions).toEqual([`\${${topic}}`]);
      expect(alarm.OKActions).toEqual([`\${${topic}}`]);
      expect(alarm.AlarmDescription.length).toBeGreaterThan(20);
    }
  });

  test('the environment is that of the contract', () => {
    const [counters, baselines] = ['Counters', 'Baselines'].map((name) => {
      return `\${${Object.keys(json.Resources).find((id) => new RegExp(`^Guard${name}Table`).test(id))}}`;
    });
    const [topic] = byName(json, 'AWS::SNS::Topic', 'TopicName', 'portcullis-on-call');
    for (const name of RULE_FUNCTIONS) {
      expect(plain(functionOf(json, name)[1].Properties['Environment'].Variables)).toEqual({
        PORTCULLIS_TABLE: counters,
        PORTCULLIS_BASELINE_TABLE: baselines,
        PORTCULLIS_TOPIC_ARN: `\${${topic}}`,
        PORTCULLIS_REMEDIATION_MAX: 'notify',
        PORTCULLIS_READER_ROLE: 'portcullis-reader',
        PORTCULLIS_REMEDIATOR_ROLE: 'portcullis-remediator',
      });
    }
    const [queue] = byName(json, 'AWS::SQS::Queue', 'QueueName', 'portcullis-sweeps.fifo');
    expect(plain(functionOf(json, 'baseline')[1].Properties['Environment'].Variables)).toEqual({
      PORTCULLIS_BASELINE_TABLE: baselines,
      PORTCULLIS_SWEEP_QUEUE: `\${${queue}}`,
      PORTCULLIS_READER_ROLE: 'portcullis-reader',
    });
  });

  test('sweeps come one account at a time, daily and after a deployment', () => {
    const [queue, { Properties: sweeps }] = byName(json, 'AWS::SQS::Queue', 'QueueName', 'portcullis-sweeps.fifo');
    const [dead, { Properties: failed }] = byName(
      json,
      'AWS::SQS::Queue',
      'QueueName',
      'portcullis-sweeps-failed.fifo',
    );
    expect(plain(sweeps)).toMatchObject({
      FifoQueue: true,
      VisibilityTimeout: 900,
      RedrivePolicy: { deadLetterTargetArn: `\${${dead}.Arn}`, maxReceiveCount: 5 },
    });
    expect(failed['FifoQueue']).toBe(true);
    expect(alarms(json)['portcullis-sweeps-failed-not-empty']).toBeDefined();
    const mappings = ofType(json, 'AWS::Lambda::EventSourceMapping').map(([, one]) => plain(one.Properties));
    expect(mappings).toMatchObject([
      {
        EventSourceArn: `\${${queue}.Arn}`,
        BatchSize: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 5 },
      },
    ]);

    const [, daily] = byName(json, 'AWS::Events::Rule', 'Name', 'portcullis-baseline-daily');
    const [, deployed] = byName(json, 'AWS::Events::Rule', 'Name', 'portcullis-baseline-deployed');
    expect(daily.Properties['ScheduleExpression']).toBe('rate(1 day)');
    expect(plain(deployed.Properties['EventPattern'])).toEqual({
      source: ['aws.cloudformation'],
      'detail-type': ['CloudFormation Stack Status Change'],
      detail: { 'stack-id': ['${AWS::StackId}'], 'status-details': { status: ['CREATE_COMPLETE', 'UPDATE_COMPLETE'] } },
    });
    for (const rule of [daily, deployed]) {
      expect(rule.Properties['EventBusName']).toBeUndefined();
      expect(rule.Properties['Targets'][0].Input).toBe('{"command":"sweep"}');
    }
  });

  test('queues take nothing in clear text, and keep for two weeks what failed', () => {
    for (const [id, queue] of ofType(json, 'AWS::SQS::Queue')) {
      expect(queue.Properties['SqsManagedSseEnabled']).toBe(true);
      const name = queue.Properties['QueueName'] as string;
      if (!name.startsWith('portcullis-sweeps.')) expect(queue.Properties['MessageRetentionPeriod']).toBe(14 * 86_400);
      const policy = ofType(json, 'AWS::SQS::QueuePolicy').find(([, one]) =>
        plain(one.Properties['Queues']).includes(`\${${id}}`),
      );
      expect(JSON.stringify(policy)).toContain('aws:SecureTransport');
    }
  });

  test('every resource that can have tags says which stack it is of', () => {
    const tagged = JSON.stringify(Object.values(json.Resources).map((one) => one.Properties?.['Tags'] ?? null));
    expect(tagged).toContain('portcullis:stack');
    for (const type of [
      'AWS::Lambda::Function',
      'AWS::DynamoDB::Table',
      'AWS::IAM::Role',
      'AWS::SQS::Queue',
      'AWS::KMS::Key',
    ]) {
      for (const [, one] of ofType(json, type)) {
        expect(one.Properties['Tags']).toContainEqual({
          Key: 'portcullis:stack',
          Value: json === DEPLOYMENTS[0]![1] ? 'portcullis' : 'portcullis-hub',
        });
      }
    }
  });

  test('the dashboard shows what the functions count', () => {
    const [, board] = byName(json, 'AWS::CloudWatch::Dashboard', 'DashboardName', 'portcullis');
    const body = plain(board.Properties['DashboardBody']) as string;
    const metrics = fs.readFileSync(path.join(FUNCTIONS, '../shared/core/src/metrics.rs'), 'utf8');
    const report = fs.readFileSync(path.join(FUNCTIONS, '../shared/core/src/keeper/report.rs'), 'utf8');
    const widgets = JSON.parse(body).widgets as any[];
    const names = widgets
      .flatMap((widget) => widget.properties.metrics ?? [])
      .filter((one: any[]) => one[0] === 'Portcullis')
      .map((one: any[]) => [one[1], one[3]] as [string, string]);
    expect(names.length).toBeGreaterThan(20);
    for (const [metric, name] of names) {
      const source = name === 'baseline' ? report : metrics;
      expect(source, `${metric} of ${name}`).toContain(`"${metric}"`);
    }
    expect(body).toContain('SEARCH(\'{Portcullis,function,rule} MetricName=\\"Findings\\"\'');
    expect(widgets.some((widget) => widget.type === 'alarm')).toBe(true);
  });
});

test('every name that the functions ask their environment for is set', () => {
  const source = fs.readFileSync(path.join(FUNCTIONS, '../shared/core/src/config.rs'), 'utf8');
  const asked = new Set([...source.matchAll(/required\("(PORTCULLIS_\w+)"\)/g)].map(([, name]) => name));
  const set = NAMES.flatMap((name) =>
    Object.keys(functionOf(template(SINGLE), name)[1].Properties['Environment'].Variables),
  );
  expect(asked.size).toBeGreaterThan(3);
  expect([...asked].filter((name) => !set.includes(name!))).toEqual([]);
  expect(set.length).toBeLessThanOrEqual(NAMES.length * 8);
});

test('on the hub every event comes by the hub bus', () => {
  const json = template(ORGANISATION, 'portcullis-hub');
  const [bus] = byName(json, 'AWS::Events::EventBus', 'Name', 'portcullis');
  for (const name of NAMES) {
    const [, rule] = byName(json, 'AWS::Events::Rule', 'Name', `portcullis-${name}`);
    expect(plain(rule.Properties['EventBusName'])).toBe(`\${${bus}}`);
  }
});

test('brake, architecture and retention are the configuration’s', () => {
  const json = template({ ...SINGLE, reservedConcurrency: 0, architecture: 'x86_64', logRetentionDays: 365 });
  const [, fn] = functionOf(json, 'stage-logging');
  expect(fn.Properties['ReservedConcurrentExecutions']).toBeUndefined();
  expect(fn.Properties['Architectures']).toEqual(['x86_64']);
  expect(ofType(json, 'AWS::Logs::LogGroup').map(([, one]) => one.Properties['RetentionInDays'])).toEqual([
    365, 365, 365, 365,
  ]);
});

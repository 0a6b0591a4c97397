/** Everything that runs in the home account, on one bus: key, tables, topic, functions, kill switch, alarms, dashboard. */
import { CfnOutput } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { Artifacts } from '../artifacts';
import { accountsOf, type Config } from '../config';
import { KILL_SWITCH } from '../names';
import { writableIn } from '../remediation';
import { RULE_FUNCTIONS, type RuleFunctionName } from '../remediation-names';
import { BaselineFunction } from './baseline-function';
import { Dashboard } from './dashboard';
import { DataKey } from './data-key';
import { heartbeatAlarms, heartbeatShares, HeartbeatWatch } from './heartbeat-watch';
import { KillSwitch } from './kill-switch';
import { OnCallTopic } from './on-call-topic';
import { RuleFunction } from './rule-function';
import { BaselineTable, CounterTable } from './tables';

export interface GuardProps {
  readonly config: Config;
  readonly artifacts: Artifacts;
  /** Regions that forward to this one, of every account. */
  readonly forwarding: readonly string[];
  /** Left out: the default bus. */
  readonly bus?: IEventBus;
}

const DESCRIPTIONS: Readonly<Record<RuleFunctionName, string>> = {
  'stage-logging': 'Portcullis: logging switched off, reduced or redirected',
  'api-exposure': 'Portcullis: private APIs made public',
  'api-lifecycle': 'Portcullis: APIs created, deleted, disabled, enabled; misuse of the responder',
};

export class Guard extends Construct {
  /** Roles of the functions, by name of the function. */
  public readonly roles: Readonly<Record<string, string>>;

  public constructor(scope: Construct, id: string, props: GuardProps) {
    super(scope, id);
    const { config, artifacts, bus } = props;
    const key = new DataKey(this, 'Key');
    const { topic, onCall } = new OnCallTopic(this, 'OnCall', { key, emails: config.onCallEmails });
    const counters = new CounterTable(this, 'Counters', { key }).table;
    const baselines = new BaselineTable(this, 'Baselines', { key }).table;
    const common = { config, artifacts, key, baselines, onCall, bus };
    const { topicArn } = topic;
    const rules = RULE_FUNCTIONS.map((name) => {
      const description = DESCRIPTIONS[name];
      const built = new RuleFunction(this, name, { ...common, name, description, counters, topicArn });
      return [name, built.guarded.role.roleArn] as const;
    });
    const baseline = new BaselineFunction(this, 'baseline', common);
    this.roles = Object.fromEntries([...rules, ['baseline', baseline.guarded.role.roleArn]]);

    const mayWrite = accountsOf(config).some((account) => writableIn(config, account).length > 0);
    if (mayWrite) new KillSwitch(this, 'KillSwitch');
    const [share, ...elsewhere] = heartbeatShares(config, props.forwarding);
    if (share) new HeartbeatWatch(this, 'Heartbeats', { share, onCall, bus });
    const others = elsewhere.flatMap(heartbeatAlarms);
    const alarms = others.map((name) => Alarm.fromAlarmName(this, name, `portcullis-${name}`));
    new Dashboard(this, 'Dashboard', { alarms: [...onCall.alarms, ...alarms] });

    output(this, 'TopicArn', topicArn, 'Subscribe to be told');
    output(this, 'CounterTableName', counters.tableName, 'Windows, findings, ledger');
    output(this, 'BaselineTableName', baselines.tableName, 'For `portcullis baseline export --table`');
    output(this, 'SweepQueueUrl', baseline.sweepQueue.queueUrl, 'Sweeps that wait');
    if (mayWrite) output(this, 'KillSwitchName', KILL_SWITCH, 'Set to `allow` to let remediations write');
  }
}

/** Without the path of the construct in its name. */
function output(scope: Construct, name: string, value: string, description: string): void {
  new CfnOutput(scope, name, { value, description }).overrideLogicalId(name);
}

/**
 * Counts the heartbeats that forwarders send, and tells on-call when an account, or one Region of it, has been
 * silent for 45 minutes. Silence means that rule, role or stack are gone there; it says nothing about the trail.
 */
import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, type IMetric, MathExpression, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { accountsOf, type Config } from '../config';
import { HEARTBEAT_SOURCE } from '../names';
import { ruleDimensions } from './guarded-function';
import type { OnCall } from './on-call-topic';

/** The accounts that one stack looks after. */
export interface HeartbeatShare {
  /** Of names, without the prefix `portcullis-`. Each stack has its own: accounts move when some are added. */
  readonly prefix: string;
  readonly accounts: readonly string[];
  /** The Regions of each account that forward. */
  readonly regions: readonly string[];
  /** Whether each Region is counted by itself. */
  readonly byRegion: boolean;
}

export interface HeartbeatWatchProps {
  readonly share: HeartbeatShare;
  readonly onCall: OnCall;
  /** Left out: the default bus. */
  readonly bus?: IEventBus;
}

/** CloudFormation allows 500 resources in a stack. A rule may come with an alarm, and the hub has up to 180 others. */
const MOST_RULES = 160;
/** Metrics in one alarm. */
const MOST_METRICS = 10;
const PERIOD = Duration.minutes(15);

/** The first share is that of the stack with the functions; each of the others needs one of its own. */
export function heartbeatShares(config: Config, forwarding: readonly string[]): readonly HeartbeatShare[] {
  const regions = [...forwarding].sort();
  if (config.heartbeat === 'off' || regions.length === 0) return [];
  const byRegion = config.heartbeat === 'region';
  const accounts = accountsOf(config);
  const together = Math.floor(MOST_RULES / (byRegion ? regions.length : 1));
  const shares = Array.from({ length: Math.ceil(accounts.length / together) }, (_, at) => at);
  return shares.map((at) => ({
    prefix: at === 0 ? 'heartbeat' : `heartbeats-${at + 1}`,
    accounts: accounts.slice(at * together, (at + 1) * together),
    regions,
    byRegion,
  }));
}

/** The names of a share's alarms, without the prefix `portcullis-`. */
export function heartbeatAlarms({ prefix, accounts, regions, byRegion }: HeartbeatShare): readonly string[] {
  const parts = Array.from({ length: byRegion ? Math.ceil(regions.length / MOST_METRICS) : 1 }, (_, part) => part);
  return accounts.flatMap((account) => parts.map((part) => alarmName(prefix, account, part)));
}

function alarmName(prefix: string, account: string, part: number): string {
  return `${prefix}-${account}${part === 0 ? '' : `-${part + 1}`}`;
}

export class HeartbeatWatch extends Construct {
  public constructor(
    scope: Construct,
    id: string,
    private readonly props: HeartbeatWatchProps,
  ) {
    super(scope, id);
    const { accounts, regions, byRegion } = props.share;
    for (const account of accounts) {
      const beats = byRegion ? regions.map((region) => this.count(account, region)) : [this.count(account)];
      for (let start = 0; start < beats.length; start += MOST_METRICS) {
        this.alarm(account, beats.slice(start, start + MOST_METRICS), start / MOST_METRICS);
      }
    }
  }

  /** A rule without a target still counts what it matches. */
  private count(account: string, region?: string): Metric {
    const { bus, share } = this.props;
    const name = ['portcullis', share.prefix, account, ...(region ? [region] : [])].join('-');
    new Rule(this, name, {
      ruleName: name,
      description: 'Portcullis: counts heartbeats',
      eventPattern: { source: [HEARTBEAT_SOURCE], account: [account], ...(region ? { region: [region] } : {}) },
      eventBus: bus,
    });
    return new Metric({
      namespace: 'AWS/Events',
      metricName: 'TriggeredRules',
      dimensionsMap: ruleDimensions(name, bus),
      statistic: 'Sum',
      period: PERIOD,
    });
  }

  private alarm(account: string, beats: Metric[], part: number): void {
    const { prefix, regions, byRegion } = this.props.share;
    const suffix = part === 0 ? '' : `-${part + 1}`;
    this.props.onCall.alarm(this, `Silent${account}${suffix}`, {
      name: alarmName(prefix, account, part),
      description:
        `No heartbeat of account ${account}, or of one of its Regions, for 45 minutes: its events may not arrive. ` +
        'Look there at rule portcullis-forwarder and queue portcullis-forwarder-undelivered.',
      metric: fewest(beats),
      // A Region sends one in each period. Counted together, the silence of one shows in the sum; a heartbeat that
      // comes just after its period lowers one sum and raises the next, never three in a row.
      threshold: byRegion ? 1 : regions.length,
      evaluationPeriods: 3,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }
}

/** Of several Regions the most silent one. */
function fewest(beats: Metric[]): IMetric {
  if (beats.length === 1) return beats[0]!;
  const ids = beats.map((_, at) => `m${at}`);
  return new MathExpression({
    expression: `MIN([${ids.map((one) => `FILL(${one}, 0)`).join(', ')}])`,
    usingMetrics: Object.fromEntries(beats.map((metric, at) => [`m${at}`, metric])),
    period: PERIOD,
    label: 'fewest heartbeats of a Region',
  });
}

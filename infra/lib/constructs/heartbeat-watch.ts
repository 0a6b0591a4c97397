/**
 * Counts the heartbeats that forwarders send, and tells on-call when an account, or one Region of it, has been
 * silent for 45 minutes. Silence means that rule, role or stack are gone there; it says nothing about the trail.
 */
import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, type IMetric, MathExpression, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { HeartbeatGrain } from '../config';
import { HEARTBEAT_SOURCE } from '../names';
import { ruleDimensions } from './guarded-function';
import type { OnCallTopic } from './on-call-topic';

export interface HeartbeatWatchProps {
  readonly grain: HeartbeatGrain;
  readonly accounts: readonly string[];
  /** The Regions of each account that forward. */
  readonly regions: readonly string[];
  readonly onCall: OnCallTopic;
  /** Left out: the default bus. */
  readonly bus?: IEventBus;
}

/** EventBridge allows 300 rules on a bus, and CloudFormation 500 resources in a stack. */
const MOST_RULES = 200;
/** Metrics in one alarm. */
const MOST_METRICS = 10;

export class HeartbeatWatch extends Construct {
  public constructor(
    scope: Construct,
    id: string,
    private readonly props: HeartbeatWatchProps,
  ) {
    super(scope, id);
    const { accounts, grain } = props;
    const regions = grain === 'region' ? [...props.regions].sort() : [undefined];
    if (accounts.length * regions.length > MOST_RULES) {
      const instead = grain === 'region' ? 'account' : 'off';
      throw new Error(
        `heartbeat: ${accounts.length * regions.length} rules, at most ${MOST_RULES} fit into a stack: use \`${instead}\``,
      );
    }
    for (const account of accounts) {
      const beats = regions.map((region) => this.count(account, region));
      for (let start = 0; start < beats.length; start += MOST_METRICS) {
        this.alarm(account, beats.slice(start, start + MOST_METRICS), start / MOST_METRICS);
      }
    }
  }

  /** A rule without a target still counts what it matches. */
  private count(account: string, region?: string): Metric {
    const { bus } = this.props;
    const name = `portcullis-heartbeat-${[account, region].filter(Boolean).join('-')}`;
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
      period: Duration.minutes(15),
    });
  }

  private alarm(account: string, beats: Metric[], part: number): void {
    const suffix = part === 0 ? '' : `-${part + 1}`;
    this.props.onCall.alarm(this, `Silent${account}${suffix}`, {
      name: `heartbeat-${account}${suffix}`,
      description:
        `No heartbeat of account ${account}, or of one of its Regions, for 45 minutes: its events may not arrive. ` +
        'Look at its stack portcullis-member, rule portcullis-forwarder and queue portcullis-forwarder-undelivered.',
      metric: fewest(beats),
      threshold: 1,
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
    period: Duration.minutes(15),
    label: 'fewest heartbeats of a Region',
  });
}

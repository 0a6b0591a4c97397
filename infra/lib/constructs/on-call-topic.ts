/** The topic that people subscribe to, and the alarms that speak through it. */
import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { ON_CALL_TOPIC } from '../names';

export interface OnCallTopicProps {
  readonly key: IKey;
  readonly emails: readonly string[];
}

export interface AlarmProps {
  /** Without the prefix `portcullis-`. */
  readonly name: string;
  /** What it means and what to do first. */
  readonly description: string;
  readonly metric: IMetric;
  readonly threshold?: number;
  readonly evaluationPeriods?: number;
  readonly comparisonOperator?: ComparisonOperator;
  readonly treatMissingData?: TreatMissingData;
}

/** Alarms that speak through a topic, wherever that comes from. */
export class OnCall {
  public readonly alarms: Alarm[] = [];

  public constructor(private readonly topic: ITopic) {}

  /** An alarm of a construct, at or above the threshold unless it says otherwise. */
  public alarm(scope: Construct, id: string, props: AlarmProps): Alarm {
    const alarm = new Alarm(scope, id, {
      alarmName: `portcullis-${props.name}`,
      alarmDescription: props.description,
      metric: props.metric,
      threshold: props.threshold ?? 1,
      evaluationPeriods: props.evaluationPeriods ?? 1,
      comparisonOperator: props.comparisonOperator ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: props.treatMissingData ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
    this.alarms.push(alarm);
    return alarm;
  }
}

export class OnCallTopic extends Construct {
  public readonly topic: Topic;
  public readonly onCall: OnCall;

  public constructor(scope: Construct, id: string, props: OnCallTopicProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', {
      topicName: ON_CALL_TOPIC,
      displayName: 'Portcullis',
      masterKey: props.key,
      enforceSSL: true,
    });
    const { account, region, partition } = Stack.of(this);
    // A policy of its own replaces the one that lets the account's alarms in.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: {
          ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:portcullis-*` },
          StringEquals: { 'aws:SourceAccount': account },
        },
      }),
    );
    for (const email of props.emails) this.topic.addSubscription(new EmailSubscription(email));
    this.onCall = new OnCall(this.topic);
  }
}

export const FIVE_MINUTES = { period: Duration.minutes(5), statistic: 'Sum' };

/**
 * Hands the API Gateway events of an account and Region to another bus, and every 15 minutes an event of
 * our own by the very same rule: when that one stops to arrive, the alarm in the home account says so.
 *
 * The heartbeat shows that rule, role and target bus work. It does not show that CloudTrail delivers: without a
 * trail that logs management events, no API Gateway event ever reaches the rule.
 */
import { Aws, Duration } from 'aws-cdk-lib';
import { EventBus, type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as EventBusTarget } from 'aws-cdk-lib/aws-events-targets';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { HEARTBEAT_SOURCE } from '../names';
import { KeptQueue } from './kept-queue';

export interface ForwarderProps {
  readonly targetBusArn: string;
  readonly heartbeat: boolean;
}

const API_GATEWAY_EVENTS = { source: ['aws.apigateway'], 'detail-type': ['AWS API Call via CloudTrail'] };

export class Forwarder extends Construct {
  public constructor(scope: Construct, id: string, props: ForwarderProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      // One in each Region, so that no Region waits for another one's stack.
      roleName: `portcullis-forwarder-${Aws.REGION}`,
      description: 'Portcullis: puts events on the bus that the functions listen to',
      // No condition on the source: which keys a rule carries when it takes a role is not documented.
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
      inlinePolicies: { forward: putEvents('Forwards', props.targetBusArn) },
    });
    // No alarm here: neither account nor Region has a topic to tell. The heartbeat, which takes the same way, is watched
    // where on-call is; a single event that is refused while heartbeats pass only lies in the queue.
    const undelivered = new KeptQueue(this, 'Undelivered', {
      name: 'forwarder-undelivered',
      holds: 'Events that could not be forwarded.',
    });
    const rule = new Rule(this, 'Rule', {
      ruleName: 'portcullis-forwarder',
      description: 'Portcullis: forwards API Gateway events',
      eventPattern: (props.heartbeat
        ? { $or: [API_GATEWAY_EVENTS, { source: [HEARTBEAT_SOURCE] }] }
        : API_GATEWAY_EVENTS) as EventPattern,
    });
    // Tried again for a day, as EventBridge does by itself: a bus as a target takes no retry policy, says the library.
    rule.addTarget(
      new EventBusTarget(EventBus.fromEventBusArn(this, 'Target', props.targetBusArn), {
        role,
        deadLetterQueue: undelivered.queue,
      }),
    );
    if (props.heartbeat) this.beat();
  }

  private beat(): void {
    const bus = `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:event-bus/default`;
    const role = new Role(this, 'HeartbeatRole', {
      roleName: `portcullis-heartbeat-${Aws.REGION}`,
      description: 'Portcullis: puts heartbeats on the default bus',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        beat: putEvents('Beats', bus, { 'ForAllValues:StringEquals': { 'events:source': HEARTBEAT_SOURCE } }),
      },
    });
    new CfnSchedule(this, 'Heartbeat', {
      name: 'portcullis-heartbeat',
      description: 'Portcullis: an event of our own on the way that API Gateway events take',
      flexibleTimeWindow: { mode: 'OFF' },
      scheduleExpression: 'rate(15 minutes)',
      target: {
        arn: bus,
        roleArn: role.roleArn,
        eventBridgeParameters: { source: HEARTBEAT_SOURCE, detailType: 'Heartbeat' },
        input: '{}',
        retryPolicy: { maximumEventAgeInSeconds: Duration.minutes(15).toSeconds(), maximumRetryAttempts: 5 },
      },
    });
  }
}

function putEvents(sid: string, bus: string, conditions?: Record<string, unknown>): PolicyDocument {
  const statement = new PolicyStatement({
    sid,
    effect: Effect.ALLOW,
    actions: ['events:PutEvents'],
    resources: [bus],
    conditions,
  });
  return new PolicyDocument({ statements: [statement], minimize: false });
}

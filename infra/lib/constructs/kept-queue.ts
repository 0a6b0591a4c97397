/** A queue of what could not be handled, kept for two weeks, with an alarm as soon as something lies in it. */
import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';
import type { OnCall } from './on-call-topic';

export interface KeptQueueProps {
  /** Without the prefix `portcullis-`. */
  readonly name: string;
  /** What lies in it, for the alarm. Without a topic there is no alarm. */
  readonly holds: string;
  readonly fifo?: boolean;
  readonly onCall?: OnCall;
}

export class KeptQueue extends Construct {
  public readonly queue: Queue;

  public constructor(scope: Construct, id: string, props: KeptQueueProps) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      queueName: `portcullis-${props.name}${props.fifo ? '.fifo' : ''}`,
      fifo: props.fifo,
      // A key of our own would need EventBridge and Lambda in its policy, and protects nothing more.
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    props.onCall?.alarm(this, 'NotEmpty', {
      name: `${props.name}-not-empty`,
      description: `${props.holds} Look at the messages, mend the cause, then redrive: docs/operations.md.`,
      metric: this.queue.metricApproximateNumberOfMessagesVisible({ ...MAXIMUM }),
    });
    acknowledge(this.queue, { SQS3: 'It is where failures end; people empty it.' });
  }
}

const MAXIMUM = { period: Duration.minutes(5), statistic: 'Maximum' };

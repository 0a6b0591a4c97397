/**
 * The function that keeps the last known good settings: from events, and from sweeps of every account and
 * Region, which a FIFO queue hands to it one account at a time.
 */
import { Aws, Duration, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IEventBus, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Artifacts } from '../artifacts';
import { accountsOf, type Config } from '../config';
import { READER_ROLE, roleArn } from '../names';
import { readPattern } from '../patterns';
import { keepBaselines, sweep, useKey } from '../permissions';
import { accountsToml } from '../remediation';
import { GuardedFunction } from './guarded-function';
import { KeptQueue } from './kept-queue';
import type { OnCall } from './on-call-topic';

export interface BaselineFunctionProps {
  readonly config: Config;
  readonly artifacts: Artifacts;
  readonly key: IKey;
  readonly baselines: ITable;
  readonly onCall: OnCall;
  /** Left out: the default bus. */
  readonly bus?: IEventBus;
}

const NAME = 'baseline';
const TIMEOUT = Duration.minutes(15);

export class BaselineFunction extends Construct {
  public readonly guarded: GuardedFunction;
  public readonly sweepQueue: Queue;

  public constructor(scope: Construct, id: string, props: BaselineFunctionProps) {
    super(scope, id);
    const { config, baselines, onCall } = props;
    const { partition, region, urlSuffix } = Stack.of(this);
    this.sweepQueue = this.queue(onCall);
    this.guarded = new GuardedFunction(this, 'Guarded', {
      name: NAME,
      description: 'Portcullis: keeps the last known good settings of APIs, stages and accounts',
      config,
      code: props.artifacts.code(this, NAME, { 'accounts.toml': { text: accountsToml(config) } }),
      timeout: TIMEOUT,
      environment: {
        PORTCULLIS_BASELINE_TABLE: baselines.tableName,
        PORTCULLIS_SWEEP_QUEUE: this.sweepQueue.queueUrl,
        PORTCULLIS_READER_ROLE: READER_ROLE,
      },
      statements: [
        keepBaselines(baselines.tableArn),
        sweep(this.sweepQueue.queueArn),
        useKey(props.key.keyArn, [`dynamodb.${region}.${urlSuffix}`]),
      ],
      reach: [{ sid: 'ReadsApis', roles: accountsOf(config).map((one) => roleArn(partition, one, READER_ROLE)) }],
      onCall,
    });
    this.consume(config.reservedConcurrency);
    this.hear(props.bus);
  }

  private queue(onCall: OnCall): Queue {
    const dead = new KeptQueue(this, 'SweepsFailed', {
      name: 'sweeps-failed',
      holds: 'Sweeps of an account and Region that failed five times.',
      fifo: true,
      onCall,
    });
    return new Queue(this, 'Sweeps', {
      queueName: 'portcullis-sweeps.fifo',
      // The message group is the account, so that one invocation at a time holds the pace of its control plane.
      fifo: true,
      visibilityTimeout: TIMEOUT,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: dead.queue, maxReceiveCount: 5 },
    });
  }

  /** Half of the function's concurrency stays free for events: a throttled receive counts as a failed one. */
  private consume(reservedConcurrency: number): void {
    new EventSourceMapping(this, 'SweepsMapping', {
      target: this.guarded.function,
      eventSourceArn: this.sweepQueue.queueArn,
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: Math.max(2, Math.floor((reservedConcurrency || 10) / 2)),
    });
  }

  private hear(bus?: IEventBus): void {
    const input = RuleTargetInput.fromObject({ command: 'sweep' });
    this.guarded.hear('Rule', {
      name: NAME,
      description: 'Portcullis: changes of settings',
      eventPattern: readPattern(NAME),
      bus,
    });
    this.guarded.hear('Daily', {
      name: `${NAME}-daily`,
      description: 'Portcullis: looks at everything once a day',
      schedule: Schedule.rate(Duration.days(1)),
      input,
    });
    // CloudFormation tells the default bus when this stack is done: a sweep without a custom resource.
    this.guarded.hear('Deployed', {
      name: `${NAME}-deployed`,
      description: 'Portcullis: looks at everything after a deployment',
      eventPattern: {
        source: ['aws.cloudformation'],
        detailType: ['CloudFormation Stack Status Change'],
        detail: {
          'stack-id': [Aws.STACK_ID],
          'status-details': { status: ['CREATE_COMPLETE', 'UPDATE_COMPLETE'] },
        },
      },
      input,
    });
  }
}

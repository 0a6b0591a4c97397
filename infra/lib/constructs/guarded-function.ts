/**
 * What every function has: a role with its statements and nothing else, a log group that forgets, the two
 * queues in which a failure ends, retries, and alarms.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type EventPattern, type IEventBus, Rule, type RuleTargetInput, type Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { ManagedPolicy, PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Config } from '../config';
import { functionName } from '../names';
import { assume, sendFailures, writeLogs } from '../permissions';
import { KeptQueue } from './kept-queue';
import { FIVE_MINUTES, type OnCall } from './on-call-topic';

/** Roles of one name in many accounts. */
export interface Reach {
  readonly sid: string;
  readonly roles: readonly string[];
}

export interface GuardedFunctionProps {
  readonly name: string;
  readonly description: string;
  readonly config: Config;
  readonly code: Code;
  readonly timeout: Duration;
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
  readonly reach: readonly Reach[];
  readonly onCall: OnCall;
}

export interface HearProps {
  /** Of the rule, without the prefix `portcullis-`. */
  readonly name: string;
  readonly description: string;
  readonly eventPattern?: EventPattern;
  readonly schedule?: Schedule;
  /** Left out: the default bus. */
  readonly bus?: IEventBus;
  /** Left out: the event. */
  readonly input?: RuleTargetInput;
}

/** As long and as often as EventBridge can. */
const RETRIES = { retryAttempts: 185, maxEventAge: Duration.hours(24) };

/** ARNs of roles that fit into one policy; a managed policy may have 6,144 characters. */
const ROLES_IN_POLICY = 90;

export class GuardedFunction extends Construct {
  public readonly function: Function;
  public readonly role: Role;
  private readonly undelivered: KeptQueue;

  public constructor(
    scope: Construct,
    id: string,
    private readonly props: GuardedFunctionProps,
  ) {
    super(scope, id);
    const { name, config, onCall } = props;
    const failed = new KeptQueue(this, 'Failed', {
      name: `${name}-failed`,
      holds: `Events that ${name} could not handle after three tries, each with the reason.`,
      onCall,
    });
    this.undelivered = new KeptQueue(this, 'Undelivered', {
      name: `${name}-undelivered`,
      holds: `Events that never reached ${name}.`,
      onCall,
    });
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${functionName(name)}`,
      retention: config.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = this.roleWith([
      writeLogs(logGroup.logGroupArn),
      sendFailures(failed.queue.queueArn),
      ...props.statements,
    ]);
    this.function = new Function(this, 'Function', {
      functionName: functionName(name),
      description: props.description,
      runtime: Runtime.PROVIDED_AL2023,
      handler: 'bootstrap',
      architecture: config.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      code: props.code,
      memorySize: 256,
      timeout: props.timeout,
      role: this.role,
      logGroup,
      environment: { ...props.environment },
      // What a storm can cost, and how hard one function can press on API Gateway's control plane.
      reservedConcurrentExecutions: config.reservedConcurrency || undefined,
    });
    this.function.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      // The role has the right to send already; the destination of the library would grant more.
      onFailure: { bind: () => ({ destination: failed.queue.queueArn }) },
    });
    this.watch();
  }

  /** A rule that invokes the function. What cannot be delivered ends in the queue that its alarm watches. */
  public hear(id: string, { name, input, bus, ...props }: HearProps): void {
    const ruleName = functionName(name);
    const rule = new Rule(this, id, { ...props, ruleName, eventBus: bus });
    const deadLetterQueue = this.undelivered.queue;
    rule.addTarget(new LambdaFunction(this.function, { ...RETRIES, deadLetterQueue, event: input }));
    this.props.onCall.alarm(this, `${id}Failed`, {
      name: `${name}-failed-invocations`,
      description: `Rule ${ruleName} could not invoke its function. Look at the queue of undelivered events.`,
      metric: new Metric({
        namespace: 'AWS/Events',
        metricName: 'FailedInvocations',
        dimensionsMap: ruleDimensions(rule.ruleName, bus),
        ...FIVE_MINUTES,
      }),
    });
  }

  private roleWith(statements: PolicyStatement[]): Role {
    const { name, reach } = this.props;
    const roles = reach.reduce((sum, one) => sum + one.roles.length, 0);
    const inline = roles <= ROLES_IN_POLICY ? reach.map((one) => assume(one.sid, [...one.roles])) : [];
    const role = new Role(this, 'Role', {
      roleName: functionName(name),
      description: `Portcullis: function ${name}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        portcullis: new PolicyDocument({ statements: [...statements, ...inline], minimize: false }),
      },
    });
    if (inline.length === 0) this.addManaged(role);
    return role;
  }

  /** An organisation of many accounts does not fit into the role's own policy. */
  private addManaged(role: Role): void {
    for (const { sid, roles } of this.props.reach) {
      for (let start = 0; start < roles.length; start += ROLES_IN_POLICY) {
        const statement = assume(sid, roles.slice(start, start + ROLES_IN_POLICY));
        const document = new PolicyDocument({ statements: [statement], minimize: false });
        new ManagedPolicy(this, `${sid}${start / ROLES_IN_POLICY}`, { document, roles: [role] });
      }
    }
  }

  private watch(): void {
    const { name, onCall } = this.props;
    onCall.alarm(this, 'Errors', {
      name: `${name}-errors`,
      description: `${name} failed three times in five minutes, as often as one event is tried. Look at its log.`,
      metric: this.function.metricErrors(FIVE_MINUTES),
      threshold: 3,
    });
    onCall.alarm(this, 'Throttles', {
      name: `${name}-throttles`,
      description: `${name} has been throttled for 15 minutes: findings are late. Raise reservedConcurrency if this is no attack.`,
      metric: this.function.metricThrottles(FIVE_MINUTES),
      evaluationPeriods: 3,
    });
  }
}

/** Source: EventBridge user guide, "Monitoring": metrics of a custom bus carry its name too. */
export function ruleDimensions(rule: string, bus?: IEventBus): Record<string, string> {
  return bus ? { RuleName: rule, EventBusName: bus.eventBusName } : { RuleName: rule };
}

/**
 * What the functions may do, statement by statement. Nothing else grants anything to their roles, so that
 * this file and policies/iam are the whole truth.
 */
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** Key prefixes of the counter table: facts and alerts of windows; findings and shares of messages; ledger. */
const WINDOW_KEYS = ['W#*', 'A#*'];
const FINDING_KEYS = ['F#*', 'Q#*'];
const LEDGER_KEYS = ['L#*'];

function allow(
  sid: string,
  actions: string[],
  resources: string[],
  conditions?: Record<string, unknown>,
): PolicyStatement {
  return new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions });
}

/** `group` is the ARN that ends in `:*`, the streams of the group. */
export function writeLogs(group: string): PolicyStatement {
  return allow('WritesItsLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [group]);
}

/** The on-failure destination: Lambda sends with the function's role. */
export function sendFailures(queue: string): PolicyStatement {
  return allow('KeepsWhatFailed', ['sqs:SendMessage'], [queue]);
}

/** What a function keeps in the counter table beside its findings. */
export interface Counting {
  readonly windows: boolean;
  readonly ledger: boolean;
}

export function countInTable(table: string, { windows, ledger }: Counting): PolicyStatement[] {
  // Both actions carry a key in every request, so that ForAllValues is never true of nothing.
  const keys = [...(windows ? WINDOW_KEYS : []), ...FINDING_KEYS, ...(ledger ? LEDGER_KEYS : [])];
  return [
    allow('ReadsCounters', ['dynamodb:GetItem'], [table]),
    ...(windows ? [allow('ReadsWindows', ['dynamodb:Query'], [table])] : []),
    allow('WritesCounters', ['dynamodb:PutItem', 'dynamodb:UpdateItem'], [table], {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
    }),
  ];
}

export function readBaselines(table: string): PolicyStatement {
  return allow('ReadsBaselines', ['dynamodb:Query'], [table]);
}

export function keepBaselines(table: string): PolicyStatement {
  return allow(
    'KeepsBaselines',
    ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    [table],
  );
}

export function publish(topic: string): PolicyStatement {
  return allow('TellsPeople', ['sns:Publish'], [topic]);
}

/** `services` are prefixes such as `dynamodb.eu-west-1`: the key is of no use to a function by itself. */
export function useKey(key: string, services: string[]): PolicyStatement {
  return allow(
    'UsesTheKey',
    ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
    [key],
    { StringEquals: { 'kms:ViaService': services } },
  );
}

export function sweep(queue: string): PolicyStatement {
  return allow(
    'Sweeps',
    ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    [queue],
  );
}

export function assume(sid: string, roles: string[]): PolicyStatement {
  return allow(sid, ['sts:AssumeRole'], roles);
}

export function readKillSwitch(parameter: string): PolicyStatement {
  return allow('ReadsTheKillSwitch', ['ssm:GetParameter'], [parameter]);
}

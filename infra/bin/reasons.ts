/**
 * Why each statement is there, and which code needs it: the one part of docs/permissions.md that no template can
 * tell. A statement or an action without a reason ends the program, and so does a reason that nothing uses.
 */

export interface Reason {
  readonly actions: readonly string[];
  readonly why: string;
  /** Files of the repository. */
  readonly code: readonly string[];
}

const AWS = 'shared/aws/src';
const CONSTRUCTS = 'infra/lib/constructs';

/** By `Sid`. */
export const REASONS: Readonly<Record<string, readonly Reason[]>> = {
  // Functions: infra/lib/permissions.ts.
  WritesItsLog: [
    {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      why: 'a line and counters for each event, which Lambda writes down',
      code: [`${AWS}/bootstrap.rs`],
    },
  ],
  KeepsWhatFailed: [
    {
      actions: ['sqs:SendMessage'],
      why: 'Lambda puts an event there that failed three times',
      code: [`${CONSTRUCTS}/guarded-function.ts`],
    },
  ],
  ReadsCounters: [
    {
      actions: ['dynamodb:GetItem'],
      why: 'alerts of a window, entries of the ledger; opens the connection at the start',
      code: [`${AWS}/windows/table.rs`, `${AWS}/ledger.rs`, `${AWS}/bootstrap.rs`],
    },
  ],
  ReadsWindows: [{ actions: ['dynamodb:Query'], why: 'counts a window', code: [`${AWS}/windows/table.rs`] }],
  WritesCounters: [
    {
      actions: ['dynamodb:PutItem'],
      why: 'findings; with `L#*` the ledger of remediations',
      code: [`${AWS}/outbox.rs`, `${AWS}/ledger/write.rs`],
    },
    {
      actions: ['dynamodb:UpdateItem'],
      why: 'windows, shares of messages, findings that were sent',
      code: [`${AWS}/windows/table.rs`, `${AWS}/outbox.rs`],
    },
  ],
  ReadsBaselines: [
    {
      actions: ['dynamodb:Query'],
      why: 'the settings before a change, what a deployment published',
      code: [`${AWS}/baselines.rs`, `${AWS}/drafts.rs`],
    },
  ],
  TellsPeople: [{ actions: ['sns:Publish'], why: 'messages to on-call', code: [`${AWS}/sns.rs`] }],
  UsesTheKey: [
    {
      actions: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      why: 'DynamoDB and SNS use the key in the name of whoever calls them',
      code: [`${CONSTRUCTS}/data-key.ts`],
    },
  ],
  ReadsTheKillSwitch: [
    { actions: ['ssm:GetParameter'], why: 'asked before every write', code: [`${AWS}/kill_switch.rs`] },
  ],
  ReadsApis: [
    {
      actions: ['sts:AssumeRole'],
      why: 'reads settings in the account of the event or the sweep',
      code: [`${AWS}/clients.rs`],
    },
  ],
  ChangesApis: [
    {
      actions: ['sts:AssumeRole'],
      why: 'one session for each remediation, named after its entry in the ledger',
      code: [`${AWS}/writer/session.rs`],
    },
  ],
  KeepsBaselines: [
    { actions: ['dynamodb:GetItem'], why: 'opens the connection at the start', code: [`${AWS}/bootstrap.rs`] },
    {
      actions: ['dynamodb:PutItem'],
      why: 'versions of settings, fingerprints of deployments',
      code: [`${AWS}/baselines/store.rs`, `${AWS}/drafts.rs`],
    },
    { actions: ['dynamodb:Query'], why: 'the version that counts', code: [`${AWS}/baselines/store.rs`] },
    {
      actions: ['dynamodb:UpdateItem'],
      why: 'a version that still holds is kept on',
      code: [`${AWS}/baselines/store.rs`],
    },
  ],
  Sweeps: [
    { actions: ['sqs:SendMessage'], why: 'one message for each account and Region', code: [`${AWS}/queue.rs`] },
    {
      actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      why: 'Lambda takes the messages to the function',
      code: [`${CONSTRUCTS}/baseline-function.ts`],
    },
  ],

  // Guarded accounts: policies/iam.
  ReadsSettings: [
    {
      actions: ['apigateway:GET'],
      why: 'sweeps, changes that their record does not show, read-backs after a write',
      code: [`${AWS}/settings.rs`, `${AWS}/live.rs`, `${AWS}/publication.rs`],
    },
  ],
  NeverReadsKeys: [{ actions: ['apigateway:GET'], why: 'nothing needs the values of API keys', code: [] }],
  NeverDeletesOrReplaces: [
    { actions: ['apigateway:DELETE', 'apigateway:PUT'], why: 'there is no call that deletes or replaces', code: [] },
  ],
  WritesStages: [
    {
      actions: ['apigateway:PATCH'],
      why: 'log levels, access logs, settings of methods and routes',
      code: [`${AWS}/writer/requests.rs`],
    },
  ],
  WritesLogDelivery: [
    {
      actions: [
        'logs:CreateLogDelivery',
        'logs:DescribeLogGroups',
        'logs:DescribeResourcePolicies',
        'logs:GetLogDelivery',
        'logs:ListLogDeliveries',
        'logs:PutResourcePolicy',
        'logs:UpdateLogDelivery',
      ],
      why: 'access logs of HTTP APIs: API Gateway sets their delivery up in the name of whoever asks for them',
      code: [`${AWS}/writer/requests.rs`],
    },
  ],
  WritesAccount: [
    { actions: ['apigateway:PATCH'], why: "the account's CloudWatch role", code: [`${AWS}/writer/requests.rs`] },
  ],
  PassesTheLoggingRole: [
    { actions: ['iam:PassRole'], why: 'IAM asks for it where a role is named', code: [`${AWS}/writer/requests.rs`] },
  ],
  MakesPrivate: [
    {
      actions: ['apigateway:PATCH'],
      why: 'the endpoint type, VPC endpoints and IP address type',
      code: [`${AWS}/writer/requests.rs`],
    },
  ],
  SetsThePolicy: [
    {
      actions: ['apigateway:UpdateRestApiPolicy'],
      why: 'AWS asks for it besides PATCH where a resource policy is written',
      code: [`${AWS}/writer/requests.rs`],
    },
  ],
  NeverMakesPublic: [{ actions: ['apigateway:PATCH'], why: 'no type but PRIVATE, whatever a plan says', code: [] }],
  Deploys: [
    {
      actions: ['apigateway:POST'],
      why: 'publishes the restored draft',
      code: [`${AWS}/writer/requests.rs`],
    },
  ],
  ThrottlesStages: [{ actions: ['apigateway:PATCH'], why: 'request limits of 0', code: [`${AWS}/writer/requests.rs`] }],

  // Forwarders.
  Forwards: [
    { actions: ['events:PutEvents'], why: 'hands API Gateway events on', code: [`${CONSTRUCTS}/forwarder.ts`] },
  ],
  Beats: [
    {
      actions: ['events:PutEvents'],
      why: 'an event of our own every 15 minutes, on the way that the others take',
      code: [`${CONSTRUCTS}/forwarder.ts`],
    },
  ],
};

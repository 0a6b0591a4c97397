/** A function that holds rules: invoked by the events of its pattern, it tells people and may put things back. */
import { Duration, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import * as path from 'node:path';
import * as fs from 'node:fs';
import type { Artifacts, ConfigFile } from '../artifacts';
import { accountsOf, type Config } from '../config';
import { KILL_SWITCH, READER_ROLE, REMEDIATOR_ROLE, roleArn } from '../names';
import { POLICIES } from '../paths';
import { readPattern } from '../patterns';
import { countInTable, publish, readBaselines, readKillSwitch, useKey } from '../permissions';
import { accountsToml, accountsWrittenBy, furthestModeOf, keepsLedger, remediationToml } from '../remediation';
import { countsWindows, type RuleFunctionName } from '../remediation-names';
import { GuardedFunction, type Reach } from './guarded-function';
import type { OnCall } from './on-call-topic';

export interface RuleFunctionProps {
  readonly name: RuleFunctionName;
  readonly description: string;
  readonly config: Config;
  readonly artifacts: Artifacts;
  readonly key: IKey;
  readonly counters: ITable;
  readonly baselines: ITable;
  readonly onCall: OnCall;
  readonly topicArn: string;
  /** Left out: the default bus. */
  readonly bus?: IEventBus;
}

export class RuleFunction extends Construct {
  public readonly guarded: GuardedFunction;

  public constructor(scope: Construct, id: string, props: RuleFunctionProps) {
    super(scope, id);
    const { name, config, counters, baselines, onCall, topicArn } = props;
    const { partition, region, account, urlSuffix } = Stack.of(this);
    const rolesIn = (accounts: readonly string[], role: string) => accounts.map((one) => roleArn(partition, one, role));
    const reader: Reach = { sid: 'ReadsApis', roles: rolesIn(accountsOf(config), READER_ROLE) };
    const written = accountsWrittenBy(config, name);
    const mayWrite = written.length > 0;
    const remediator: Reach = { sid: 'ChangesApis', roles: rolesIn(written, REMEDIATOR_ROLE) };
    const killSwitch = `arn:${partition}:ssm:${region}:${account}:parameter${KILL_SWITCH}`;

    this.guarded = new GuardedFunction(this, 'Guarded', {
      name,
      description: props.description,
      config,
      code: props.artifacts.code(this, name, configFiles(config)),
      // A restored endpoint takes a minute or so until API Gateway says that it is done.
      timeout: Duration.seconds(120),
      environment: {
        PORTCULLIS_TABLE: counters.tableName,
        PORTCULLIS_BASELINE_TABLE: baselines.tableName,
        PORTCULLIS_TOPIC_ARN: topicArn,
        PORTCULLIS_REMEDIATION_MAX: furthestModeOf(config, name),
        PORTCULLIS_READER_ROLE: READER_ROLE,
        // Named even where it does not exist: a role of that name that somebody makes up is an alarm.
        PORTCULLIS_REMEDIATOR_ROLE: REMEDIATOR_ROLE,
        ...(mayWrite ? { PORTCULLIS_KILL_SWITCH: KILL_SWITCH } : {}),
      },
      statements: [
        ...countInTable(counters.tableArn, { windows: countsWindows(name), ledger: keepsLedger(config, name) }),
        readBaselines(baselines.tableArn),
        publish(topicArn),
        useKey(props.key.keyArn, [`dynamodb.${region}.${urlSuffix}`, `sns.${region}.${urlSuffix}`]),
        ...(mayWrite ? [readKillSwitch(killSwitch)] : []),
      ],
      reach: mayWrite ? [reader, remediator] : [reader],
      onCall,
    });
    this.guarded.hear('Rule', {
      name,
      description: `Portcullis: events of ${name}`,
      eventPattern: readPattern(name),
      bus: props.bus,
    });
  }
}

/** Alike in every rule function: a file that one does not read yet must not differ the day it does. */
function configFiles(config: Config): Record<string, ConfigFile> {
  return {
    'thresholds.toml': { from: path.join(POLICIES, 'thresholds.toml') },
    'remediation.toml': { text: remediationToml(config) },
    'accounts.toml': { text: accountsToml(config) },
    ...cedarFiles(path.join(POLICIES, 'cedar')),
  };
}

/** The policies and their schema, without their tests. */
function cedarFiles(folder: string): Record<string, ConfigFile> {
  const entries = fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : [];
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return Object.fromEntries(files.map((file) => [`cedar/${file}`, { from: path.join(folder, file) }]));
}

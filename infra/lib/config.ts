/**
 * The one file that a user writes: which accounts and Regions are guarded, who is told, and what may be
 * put back where. Read, checked and given its defaults here; everything after this works on `Config`.
 */
import * as fs from 'node:fs';
import { shape } from './config-shape';
import { suggestion } from './nearest';
import { type Mode, REMEDIATION_NAMES, type RemediationName } from './remediation-names';

/** What a target or an exemption is about. What is left out matches all. */
export interface Selector {
  readonly accounts?: readonly string[];
  readonly organisationalUnits?: readonly string[];
  readonly regions?: readonly string[];
  readonly apis?: readonly string[];
  readonly stages?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface Target extends Selector {
  readonly mode: Mode;
  /** Also revert what came through CloudFormation. */
  readonly cloudformation: boolean;
}

export interface Exemption extends Selector {
  readonly remediations?: readonly RemediationName[];
  readonly reason: string;
  readonly owner: string;
  readonly expires: string;
}

export interface RemediationSettings {
  readonly mode: Mode;
  readonly targets: readonly Target[];
}

export interface Organisation {
  readonly id: string;
  readonly accounts: Readonly<Record<string, { readonly cloudWatchRoleName?: string }>>;
  readonly organisationalUnits: Readonly<Record<string, readonly string[]>>;
  /** Files of policies/scp and policies/rcp, by name without ending, and where each is attached. */
  readonly policies: Readonly<Record<string, readonly string[]>>;
}

export type Architecture = 'arm64' | 'x86_64';
export type HeartbeatGrain = 'region' | 'account' | 'off';

export interface Config {
  /** The account that Portcullis runs in: the only one, or the hub. */
  readonly account: string;
  readonly homeRegion: string;
  /** Every Region that is guarded, the home Region among them. */
  readonly regions: readonly string[];
  readonly organisation?: Organisation;
  readonly onCallEmails: readonly string[];
  readonly architecture: Architecture;
  /** 0: no reservation. */
  readonly reservedConcurrency: number;
  readonly logRetentionDays: number;
  readonly heartbeat: HeartbeatGrain;
  /** Of the `cdk bootstrap` that deploys; the CDK's own if left out. */
  readonly bootstrapQualifier?: string;
  /** Role that API Gateway logs with, in accounts that name none of their own. */
  readonly cloudWatchRoleName?: string;
  readonly remediation: Readonly<Record<RemediationName, RemediationSettings>>;
  readonly exemptions: readonly Exemption[];
  readonly breakGlass: readonly string[];
}

/** What CloudWatch Logs allows. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** An event source mapping runs at least two at a time, and half stays free for events. */
const LEAST_CONCURRENCY = 4;

/** Reads a configuration file; an error names every problem in it. */
export function readConfig(file: string): Config {
  let parsed: unknown;
  try {
    parsed = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`\`${file}\` cannot be read: ${(error as Error).message}`);
  }
  return parseConfig(parsed, file);
}

export function parseConfig(value: unknown, file = 'configuration'): Config {
  const problems: string[] = [];
  const decoded = shape(value, '', problems);
  const config: Config = { ...decoded, remediation: withDefaults(decoded.remediation) };
  if (problems.length === 0) check(config, problems);
  if (problems.length > 0)
    throw new Error(`\`${file}\` cannot be used:\n${problems.map((one) => `  - ${one}`).join('\n')}`);
  return config;
}

/** Every account that is guarded. */
export function accountsOf(config: Config): readonly string[] {
  return config.organisation ? Object.keys(config.organisation.accounts).sort() : [config.account];
}

/** The accounts that a selector names; undefined for all. */
export function selectedAccounts(selector: Selector, config: Config): readonly string[] | undefined {
  if (!selector.accounts && !selector.organisationalUnits) return undefined;
  const units = config.organisation?.organisationalUnits ?? {};
  const ofUnits = (selector.organisationalUnits ?? []).flatMap((unit) => units[unit] ?? []);
  return [...new Set([...(selector.accounts ?? []), ...ofUnits])].sort();
}

/** The role that API Gateway logs with in an account. */
export function cloudWatchRoleName(config: Config, account: string): string | undefined {
  return config.organisation?.accounts[account]?.cloudWatchRoleName ?? config.cloudWatchRoleName;
}

function withDefaults(given: Readonly<Record<string, RemediationSettings>>): Config['remediation'] {
  const entries = REMEDIATION_NAMES.map((name) => [name, given[name] ?? { mode: 'notify', targets: [] }]);
  return Object.fromEntries(entries) as Config['remediation'];
}

/** What one value says about another. */
function check(config: Config, problems: string[]): void {
  if (!config.regions.includes(config.homeRegion)) {
    problems.push(`regions: the home Region \`${config.homeRegion}\` is not among them`);
  }
  if (!RETENTION_DAYS.includes(config.logRetentionDays)) {
    problems.push(`logRetentionDays: CloudWatch Logs allows ${RETENTION_DAYS.join(', ')}`);
  }
  if (config.reservedConcurrency > 0 && config.reservedConcurrency < LEAST_CONCURRENCY) {
    const found = `found ${config.reservedConcurrency}`;
    problems.push(`reservedConcurrency: expected 0 or at least ${LEAST_CONCURRENCY}, of which sweeps take 2, ${found}`);
  }
  const accounts = accountsOf(config);
  if (accounts.length === 0) problems.push('organisation.accounts: names nothing');
  const units = Object.entries(config.organisation?.organisationalUnits ?? {});
  for (const [unit, members] of units) {
    members.forEach((one, index) =>
      known(one, accounts, `organisation.organisationalUnits.${unit}[${index}]`, problems),
    );
  }
  for (const [name, { targets }] of Object.entries(config.remediation)) {
    targets.forEach((target, index) =>
      checkSelector(target, config, `remediation.${name}.targets[${index}]`, problems),
    );
  }
  config.exemptions.forEach((one, index) => checkSelector(one, config, `exemptions[${index}]`, problems));
}

/** A selector that names what is not guarded is a slip of the pen, and would silently select nothing. */
function checkSelector(selector: Selector, config: Config, path: string, problems: string[]): void {
  const units = Object.keys(config.organisation?.organisationalUnits ?? {});
  selector.accounts?.forEach((one, index) => known(one, accountsOf(config), `${path}.accounts[${index}]`, problems));
  selector.regions?.forEach((one, index) => known(one, config.regions, `${path}.regions[${index}]`, problems));
  selector.organisationalUnits?.forEach((one, index) => {
    if (units.includes(one)) return;
    const hint = units.length > 0 ? suggestion(one, units) : 'name it in `organisation.organisationalUnits`';
    problems.push(`${path}.organisationalUnits[${index}]: unknown unit \`${one}\`, ${hint}`);
  });
}

function known(one: string, all: readonly string[], path: string, problems: string[]): void {
  if (!all.includes(one)) problems.push(`${path}: \`${one}\` is not guarded by this configuration`);
}

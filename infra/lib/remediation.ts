/**
 * What the configured modes mean: for permissions (what may be written in an account, and by which
 * function) and for the functions themselves (`remediation.toml`).
 */
import { createHash } from 'node:crypto';
import { accountsOf, cloudWatchRoleName, selectedAccounts, type Config, type Selector } from './config';
import {
  furthest,
  REMEDIATION_NAMES,
  REMEDIATIONS,
  RULE_FUNCTIONS,
  writes,
  type Mode,
  type RemediationName,
  type RuleFunctionName,
} from './remediation-names';

/**
 * The furthest mode that a remediation can have for anything in an account. A target that selects more
 * than accounts may match or not; one that selects nothing else replaces what stood before it.
 */
export function modeIn(config: Config, remediation: RemediationName, account: string): Mode {
  const { mode, targets } = config.remediation[remediation];
  let possible = new Set<Mode>([mode]);
  for (const target of targets) {
    const accounts = selectedAccounts(target, config);
    if (accounts && !accounts.includes(account)) continue;
    if (selectsAll(target, config)) possible = new Set();
    possible.add(target.mode);
  }
  return furthest(possible)!;
}

/** The remediations that may write in an account. */
export function writableIn(config: Config, account: string): readonly RemediationName[] {
  return REMEDIATION_NAMES.filter((name) => writes(modeIn(config, name, account)));
}

/** The accounts that a function may write in. */
export function accountsWrittenBy(config: Config, name: RuleFunctionName): readonly string[] {
  return accountsOf(config).filter((account) => writableIn(config, account).some((one) => REMEDIATIONS[one] === name));
}

/** The functions that carry out remediations. */
export function functionsOf(remediations: readonly RemediationName[]): readonly RuleFunctionName[] {
  return RULE_FUNCTIONS.filter((name) => remediations.some((one) => REMEDIATIONS[one] === name));
}

/** `PORTCULLIS_REMEDIATION_MAX`: the furthest mode of anything that a function does, anywhere. */
export function furthestModeOf(config: Config, name: RuleFunctionName): Mode {
  const own = REMEDIATION_NAMES.filter((one) => REMEDIATIONS[one] === name);
  const modes = own.flatMap((one) => accountsOf(config).map((account) => modeIn(config, one, account)));
  return furthest(modes) ?? 'notify';
}

/** Whether a function keeps entries in the ledger: what it did, or in `dry-run` what it would do. */
export function keepsLedger(config: Config, name: RuleFunctionName): boolean {
  const mode = furthestModeOf(config, name);
  return mode === 'dry-run' || writes(mode);
}

/** Name of the role that API Gateway logs with, where a remediation may put it back; otherwise nobody asks. */
export function loggingRoleFor(config: Config, account: string): string | undefined {
  if (!writableIn(config, account).includes('restore-account-logging-role')) return undefined;
  const name = cloudWatchRoleName(config, account);
  if (name) return name;
  const keys = config.organisation
    ? `cloudWatchRoleName or organisation.accounts.${account}.cloudWatchRoleName`
    : 'cloudWatchRoleName';
  throw new Error(`${keys}: is missing, restore-account-logging-role may pass that one role in account ${account}`);
}

/** Accounts that need the same member template. */
export interface MemberVariant {
  /** Id of the stack, without the prefix `portcullis-`. */
  readonly name: string;
  readonly accounts: readonly string[];
  readonly remediations: readonly RemediationName[];
  readonly cloudWatchRoleName?: string;
}

/** One template for each distinct set of remediations that may write; `member` is the one that only reads. */
export function memberVariants(config: Config): readonly MemberVariant[] {
  const variants = new Map<string, MemberVariant>();
  for (const account of accountsOf(config)) {
    const remediations = writableIn(config, account);
    const role = loggingRoleFor(config, account);
    const other = role !== undefined && role !== config.cloudWatchRoleName ? [role.replace(/[^A-Za-z0-9]+/g, '-')] : [];
    const name = ['member', ...remediations, ...other].join('-');
    const rights = JSON.stringify([remediations, role]);
    const accounts = [...(variants.get(rights)?.accounts ?? []), account];
    variants.set(rights, { name, accounts, remediations, cloudWatchRoleName: role });
  }
  const distinct = [...variants].map(([rights, one]) => ({ ...one, name: distinctName(rights, one, variants) }));
  return distinct.sort((a, b) => a.name.localeCompare(b.name));
}

/** Two roles can read alike once only letters, digits and hyphens are left; then a digest tells them apart. */
function distinctName(rights: string, { name }: MemberVariant, all: ReadonlyMap<string, MemberVariant>): string {
  const alike = [...all.values()].filter((one) => one.name === name);
  if (alike.length === 1) return name;
  return `${name}-${createHash('sha256').update(rights).digest('hex').slice(0, 8)}`;
}

/** `remediation.toml`, as the functions read it. */
export function remediationToml(config: Config): string {
  const modes = REMEDIATION_NAMES.map((name) => line(name, config.remediation[name].mode));
  const targets = REMEDIATION_NAMES.flatMap((name) =>
    config.remediation[name].targets.map((target) => [
      '[[target]]',
      line('remediations', [name]),
      ...selectorLines(target, config),
      line('mode', target.mode),
      line('cloudformation', target.cloudformation),
    ]),
  );
  const exemptions = config.exemptions.map((one) => [
    '[[exemption]]',
    ...(one.remediations ? [line('remediations', one.remediations)] : []),
    ...selectorLines(one, config),
    line('reason', one.reason),
    line('owner', one.owner),
    line('expires', one.expires),
  ]);
  const breakGlass = config.breakGlass.length > 0 ? [['[break-glass]', line('principals', config.breakGlass)]] : [];
  const blocks = [['[modes]', ...modes], ...targets, ...exemptions, ...breakGlass];
  return `# Rendered from the configuration of the deployment.\n\n${blocks.map((block) => `${block.join('\n')}\n`).join('\n')}`;
}

/** `accounts.toml`: what is guarded. */
export function accountsToml(config: Config): string {
  return `${line('accounts', accountsOf(config))}\n${line('regions', [...config.regions].sort())}\n`;
}

function selectsAll(target: Selector, config: Config): boolean {
  const everyRegion = !target.regions || config.regions.every((region) => target.regions!.includes(region));
  return everyRegion && !target.apis && !target.stages && !target.tags;
}

function selectorLines(selector: Selector, config: Config): string[] {
  const accounts = selectedAccounts(selector, config);
  // INVARIANT: a selector that was given is written, with at least one member. Left out it would mean all;
  // the configuration refuses empty lists and empty units.
  const lists = { accounts, regions: selector.regions, apis: selector.apis, stages: selector.stages };
  const lines = Object.entries(lists).flatMap(([name, values]) => (values ? [line(name, values)] : []));
  if (!selector.tags) return lines;
  const pairs = Object.entries(selector.tags).map(([key, value]) => `${quoted(key)} = ${quoted(value)}`);
  return [...lines, `tags = { ${pairs.join(', ')} }`];
}

function line(key: string, value: string | boolean | readonly string[]): string {
  if (typeof value === 'boolean') return `${key} = ${value}`;
  return `${key} = ${typeof value === 'string' ? quoted(value) : `[${value.map(quoted).join(', ')}]`}`;
}

/** Without control characters, which the configuration refuses, a JSON string is a TOML string. */
function quoted(value: string): string {
  return JSON.stringify(value);
}

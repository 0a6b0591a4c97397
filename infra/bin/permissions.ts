/**
 * Prints docs/permissions.md: what every role may do, from the templates. One organisation with one guarded account
 * is synthesised once for each mode, so that the document says which mode brings which right; the one account
 * without an organisation must grant the same, or the program ends.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { REPOSITORY } from '../lib/paths';
import { type Mode, MODES, REMEDIATION_NAMES, RULE_FUNCTIONS } from '../lib/remediation-names';
import { grants, type Statement, statements } from '../test/statements';
import { appOf, type Json, plain, templatesOf } from '../test/synthesis';
import { REASONS } from './reasons';

// Of no interest here, and slow.
process.env['CDK_VALIDATION'] = 'false';

const HOME = '111122223333';
const GUARDED = '222233334444';
const REGION = 'eu-west-1';
const FUNCTIONS = [...RULE_FUNCTIONS, 'baseline'] as const;
const LOGGING_ROLE = 'LOGGING-ROLE';

const BASE = { account: HOME, homeRegion: REGION, regions: [REGION], cloudWatchRoleName: LOGGING_ROLE };
const ORGANISATION = { ...BASE, organisation: { id: 'o-exampleorg', accounts: { [GUARDED]: {} } } };

/** A row without the column that says when it is there: actions, resources, condition, reason. */
type Row = readonly [string, string, string, string];

type Templates = Readonly<Record<string, Json>>;

/** Reasons and roles that the document has. */
const used = new Set<string>();
const told = new Set<string>();

function synthesise(config: object): Templates {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'permissions-'));
  try {
    return templatesOf(appOf(config, {}, { outdir }));
  } finally {
    fs.rmSync(outdir, { recursive: true });
  }
}

function withModes(config: object, mode: Mode, names: readonly string[] = REMEDIATION_NAMES): Templates {
  return synthesise({ ...config, remediation: Object.fromEntries(names.map((name) => [name, { mode }])) });
}

interface Role {
  readonly json: Json;
  /** Who may take it. */
  readonly trust: readonly Statement[];
  readonly statements: readonly Statement[];
}

function roleIn(templates: Templates, name: string): Role {
  told.add(name);
  for (const json of Object.values(templates)) {
    const [id] = Object.entries(json.Resources).find(([, one]) => plain(one.Properties['RoleName']) === name) ?? [];
    if (id === undefined) continue;
    const attached = Object.entries(json.Resources).filter(([, one]) =>
      plain(one.Properties['Roles'] ?? []).includes(`\${${id}}`),
    );
    const where = [`AWS::IAM::Role ${id}`, ...attached.map(([policy, { Type }]) => `${Type} ${policy}`)];
    const all = statements(json).filter((one) => where.includes(one.where));
    const own = all.filter((one) => !one.principal);
    return { json, trust: all.filter((one) => one.principal), statements: own.filter((one) => !isRepeated(one, own)) };
  }
  throw new Error(`no template has the role ${name}`);
}

/** The CDK grants some things again, without a name; what a named statement has already is shown once. */
function isRepeated(one: Statement, all: readonly Statement[]): boolean {
  if (one.sid || one.effect !== 'Allow' || one.condition) return false;
  const named = grants(all.filter((other) => other.sid && !other.condition));
  return grants([one]).every((grant) => named.includes(grant));
}

/** The rows of a statement: actions that have one reason stand together. */
function rowsOf(statement: Statement, json: Json): Row[] {
  const { sid = '', effect, actions, resources, condition } = statement;
  const reasons = REASONS[sid];
  if (!reasons) throw new Error(`${statement.where}: statement \`${sid}\` has no reason in infra/bin/reasons.ts`);
  const explained = reasons.flatMap((one) => one.actions);
  const wrong = [
    ...actions.filter((action) => !explained.includes(action)),
    ...explained.filter((action) => !actions.includes(action)),
  ];
  if (wrong.length > 0) throw new Error(`\`${sid}\`: reasons and statement differ in ${wrong.join(', ')}`);
  used.add(sid);
  return reasons.map(({ actions: together, why, code }) => [
    `${effect === 'Deny' ? '**never** ' : ''}${list(together)}`,
    joined(resources.toSorted().map((one) => shown(one, json))),
    conditionOf(condition, json),
    code.length > 0 ? `${why}: ${code.map(link).join(', ')}` : why,
  ]);
}

function rowsOfRole(templates: Templates, role: string): Row[] {
  const { json, statements: own } = roleIn(templates, role);
  return own.flatMap((one) => rowsOf(one, json));
}

function link(file: string): string {
  if (!fs.existsSync(path.join(REPOSITORY, file)))
    throw new Error(`infra/bin/reasons.ts names ${file}, which is not there`);
  return `[${path.basename(file)}](../${file})`;
}

/** What a resource is called where people look at it; tables and the key have no name of their own. */
function shown(resource: string, json: Json): string {
  const [, id] = /^\$\{(\w+)(?:\.Arn)?\}$/.exec(resource) ?? [];
  const found = id === undefined ? undefined : json.Resources[id];
  if (!found) return `\`${placeholders(resource)}\``;
  const { Type: type, Properties: properties } = found;
  if (type === 'AWS::DynamoDB::Table') return /Counters/.test(id!) ? 'the counter table' : 'the baseline table';
  if (type === 'AWS::KMS::Key') return 'the key of tables and topic';
  const kind = NAMED[type];
  if (!kind) throw new Error(`${type}: has no name in infra/bin/permissions.ts`);
  return `${kind[0]} \`${placeholders(plain(properties[kind[1]]) as string)}\``;
}

const NAMED: Readonly<Record<string, readonly [string, string]>> = {
  'AWS::Events::Rule': ['rule', 'Name'],
  'AWS::IAM::Role': ['role', 'RoleName'],
  'AWS::Lambda::Function': ['function', 'FunctionName'],
  'AWS::Logs::LogGroup': ['log group', 'LogGroupName'],
  'AWS::SNS::Topic': ['topic', 'TopicName'],
  'AWS::SQS::Queue': ['queue', 'QueueName'],
};

function placeholders(value: string): string {
  return value
    .replaceAll('${AWS::Partition}', 'aws')
    .replaceAll('${AWS::URLSuffix}', 'amazonaws.com')
    .replaceAll('${AWS::Region}', 'REGION')
    .replaceAll(/\$\{AWS::AccountId\}/g, 'ACCOUNT')
    .replaceAll(HOME, 'HOME')
    .replaceAll(GUARDED, 'ACCOUNT')
    .replaceAll(REGION, 'HOME-REGION');
}

/** The configured Regions; here there is one. */
const REGION_KEY = 'aws:RequestedRegion';

function conditionOf(condition: Record<string, Record<string, unknown>> | undefined, json: Json): string {
  if (!condition) return '';
  const parts = Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => {
      const wanted = key === REGION_KEY ? ['a guarded Region'] : [values].flat().map((one) => shown(String(one), json));
      return `${operator} \`${key}\`: ${wanted.join(', ')}`;
    }),
  );
  return parts.join('; ');
}

function list(names: readonly string[]): string {
  return names.map((one) => `\`${one}\``).join(', ');
}

function joined(values: readonly string[]): string {
  return [...new Set(values)].join(', ');
}

/** Rows of all variants, each with the variants that have it; `every` where all have. */
function merged(variants: readonly (readonly [string, readonly Row[]])[]): string[][] {
  const found = new Map<string, { row: Row; names: string[] }>();
  for (const [name, rows] of variants) {
    for (const row of rows) {
      const known = found.get(row.join('|'))?.names ?? [];
      found.set(row.join('|'), { row, names: [...known, name] });
    }
  }
  const when = (names: string[]) => (names.length === variants.length ? 'every' : list(names));
  // What differs in its condition alone stands together.
  const group = ({ row: [actions, resources, , why] }: { row: Row }) => `${actions} ${resources} ${why}`;
  const groups = [...found.values()].map(group);
  return [...found.values()]
    .sort((a, b) => groups.indexOf(group(a)) - groups.indexOf(group(b)))
    .map(({ row: [actions, resources, condition, why], names }) => [actions, resources, condition, when(names), why]);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((one) => one.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Who may take a role. */
function takenBy(templates: Templates, role: string): string {
  const { json, trust } = roleIn(templates, role);
  return trust
    .map(({ principal, condition }) => {
      const who = Object.values(principal as Record<string, string | string[]>).flat();
      const when = conditionOf(condition, json);
      return `${joined(who.map((one) => shown(one, json)))}${when ? `, only if ${when}` : ''}`;
    })
    .join('; ');
}

/** What lets somebody in who has no role here: policies of resources, and who may invoke a function. */
function doors(templates: Templates): string[][] {
  const rows = Object.values(templates).flatMap((json) => [
    ...statements(json)
      .filter((one) => !one.where.startsWith('AWS::IAM::') && one.effect === 'Allow')
      .map((one) => door(one, json)),
    ...Object.values(json.Resources)
      .filter((one) => one.Type === 'AWS::Lambda::Permission')
      .map(({ Properties: given }) => [
        shown(plain(given['FunctionName']) as string, json),
        `\`${given['Principal'] as string}\``,
        `\`${given['Action'] as string}\``,
        `from ${shown(plain(given['SourceArn']) as string, json)}`,
      ]),
  ]);
  const distinct = [...new Map(rows.map((row) => [row.join('|'), row])).values()];
  return distinct.sort((a, b) => a.join().localeCompare(b.join()));
}

function door(statement: Statement, json: Json): string[] {
  const { where, principal, actions, resources, condition } = statement;
  const who = principal === '*' ? ['*'] : Object.values(principal as Record<string, string | string[]>).flat();
  const what = where.startsWith('AWS::KMS::Key')
    ? ['the key of tables and topic']
    : resources.map((one) => shown(one, json));
  return [
    joined(what),
    who.map((one) => (one === '*' ? 'anybody' : shown(one, json))).join(', '),
    list(actions),
    conditionOf(condition, json),
  ];
}

function roleOfFunction(name: string, byMode: readonly (readonly [Mode, Templates])[]): string {
  const role = `portcullis-${name}`;
  const rows = merged(byMode.map(([mode, templates]) => [mode, rowsOfRole(templates, role)] as const));
  const takers = takenBy(byMode[0]![1], role);
  return `### ${role}\n\nTaken by ${takers}.\n\n${table(['Action', 'On', 'Only if', 'Modes', 'For'], rows)}\n`;
}

function remediator(): string {
  const role = 'portcullis-remediator';
  const each = REMEDIATION_NAMES.map((name) => [name, withModes(ORGANISATION, 'approve', [name])] as const);
  const rows = merged(each.map(([name, templates]) => [name, rowsOfRole(templates, role)] as const));
  const takers = each.map(([name, templates]) => [`\`${name}\``, takenBy(templates, role)]);
  return `### ${role}

There is none where every remediation is \`off\`, \`notify\` or \`dry-run\`. In the modes \`approve\` and \`auto\` each remediation
brings its own rows and no others.

${table(['Action', 'On', 'Only if', 'Remediation', 'For'], rows)}

Only the function that does a remediation may take the role:

${table(['Remediation', 'Taken by'], takers)}
`;
}

function plainRole(role: string, templates: Templates): string {
  const rows = table(['Action', 'On', 'Only if', 'For'], rowsOfRole(templates, role));
  return `### ${placeholders(role)}\n\nTaken by ${takenBy(templates, role)}.\n\n${rows}\n`;
}

/** The one account must grant what the organisation does. */
function compare(mode: Mode, organisation: Templates): void {
  const single = withModes(BASE, mode);
  const roles = [...FUNCTIONS.map((name) => `portcullis-${name}`), 'portcullis-reader'];
  if (mode === 'approve') roles.push('portcullis-remediator');
  for (const role of roles) {
    const text = (templates: Templates) =>
      JSON.stringify(rowsOfRole(templates, role)).replaceAll('HOME:role', 'ACCOUNT:role');
    if (text(single) !== text(organisation)) throw new Error(`${role} differs between one account and an organisation`);
  }
}

function main(): string {
  const byMode = MODES.map((mode) => [mode, withModes(ORGANISATION, mode)] as const);
  for (const [mode, templates] of byMode) compare(mode, templates);
  const [, furthest] = byMode.at(-1)!;
  const parts = [
    INTRODUCTION,
    '## In the account of Portcullis\n',
    ...FUNCTIONS.map((name) => roleOfFunction(name, byMode)),
    '## In each guarded account\n',
    plainRole('portcullis-reader', furthest),
    remediator(),
    '## In each Region that forwards\n',
    ...['portcullis-forwarder-${AWS::Region}', 'portcullis-heartbeat-${AWS::Region}'].map((role) =>
      plainRole(role, furthest),
    ),
    DOORS,
    `${table(['What', 'Who', 'May', 'Only if'], doors(furthest))}\n`,
  ];
  const roles = Object.values(furthest).flatMap(({ Resources: all }) =>
    Object.values(all)
      .filter((one) => one.Type === 'AWS::IAM::Role')
      .map((one) => plain(one.Properties['RoleName']) as string),
  );
  const untold = roles.filter((role) => !told.has(role));
  if (untold.length > 0) throw new Error(`infra/bin/permissions.ts does not tell of ${untold.join(', ')}`);
  const unused = Object.keys(REASONS).filter((sid) => !used.has(sid));
  if (unused.length > 0) throw new Error(`infra/bin/reasons.ts: no template has ${unused.join(', ')}`);
  return parts.join('\n');
}

const INTRODUCTION = `# Permissions

Generated from the templates by \`make docs\`. Every right that Portcullis has is in these tables; \`make test\` fails when they and the
templates differ.

What deploys it is the CDK's, and not in the tables: without \`--cloudformation-execution-policies\` the role with which
CloudFormation runs (\`cdk-<qualifier>-cfn-exec-role-*\` of the bootstrap) has AdministratorAccess.

\`HOME\` is the account of Portcullis, \`ACCOUNT\` a guarded one (each of them), \`REGION\` any Region, \`LOGGING-ROLE\` the configured
role that API Gateway logs with. Without an organisation both accounts are the same one, the bus is the default one of the home
Region, and the rights are these all the same.

*Modes*: a row is there when a remediation of that function has one of these modes for anything. The modes \`off\` and \`notify\` differ in
nothing. A right to write appears with \`approve\` and \`auto\` only, and only for the accounts that these modes select.
`;

const DOORS = `## Who else is let in

What the policies of resources allow to others than the roles above. Queues and the topic also refuse whatever comes without TLS.
`;

process.stdout.write(main());

/** Who may do what: every statement of every template, and the table of modes and permissions. */
import { describe, expect, test } from 'vitest';
import { MODES, REMEDIATION_NAMES, REMEDIATIONS, RULE_FUNCTIONS, writes } from '../lib/remediation-names';
import { allows, grants, permissionsOf, statements, trustOf, type Statement } from './statements';
import { hasNamed, HUB, type Json, MEMBERS, ORGANISATION, plain, SINGLE, template, templates } from './synthesis';

const SINGLE_WITH_ROLE = { ...SINGLE, cloudWatchRoleName: 'apigateway-logs' };
const PARTITION = '${AWS::Partition}';
const READER = (account: string) => `arn:aws:iam::${account}:role/portcullis-reader`;
const REMEDIATOR = (account: string) => `arn:aws:iam::${account}:role/portcullis-remediator`;

function everything(mode: string) {
  return Object.fromEntries(REMEDIATION_NAMES.map((name) => [name, { mode }]));
}

/** Templates with every mode of every remediation in them, of both kinds of deployment. */
function corpus(): [string, Json][] {
  const configs = MODES.flatMap((mode) =>
    [SINGLE_WITH_ROLE, ORGANISATION].map((base) => ({ ...base, remediation: everything(mode) })),
  );
  const regions = { ...SINGLE, regions: ['eu-west-1', 'us-east-1'] };
  return [...configs, regions].flatMap((config) => Object.entries(templates(config)));
}

describe('least privilege, in every template', () => {
  const all = corpus().flatMap(([, json]) => statements(json));

  /** The whole list of what is wider than one name, and why. */
  const JUSTIFIED: { action?: RegExp; resource: RegExp; why: string; where: RegExp }[] = [
    {
      where: /^AWS::KMS::Key/,
      action: /^kms:\*$/,
      resource: /^\*$/,
      why: 'the account keeps hold of its key; in a key policy `*` is that key',
    },
    { where: /^AWS::KMS::Key/, resource: /^\*$/, why: 'in a key policy `*` is that key' },
    {
      where: /^AWS::IAM::Role RolesReader/,
      resource: /^arn:\$\{AWS::Partition\}:apigateway:\*::\/(account|apis|apis\/\*|restapis|restapis\/\*)$/,
      why: 'ARNs of API Gateway have no account; a condition names the Regions; GET only',
    },
    {
      where: /^AWS::IAM::Role RolesRemediator/,
      resource:
        /^arn:\$\{AWS::Partition\}:apigateway:\*::\/(account|apis\/\*\/stages\/\*|restapis\/\*\/stages\/\*|restapis\/\*\/deployments|restapis\/\?{10}|restapis\/\*)$/,
      why: 'the same; which API it will be is not known in advance',
    },
    {
      where: /^AWS::IAM::Role RolesRemediator/,
      action: /^logs:(CreateLogDelivery|Describe(LogGroups|ResourcePolicies)|(Get|Update)LogDelivery|ListLogDeliveries|PutResourcePolicy)$/,
      resource: /^\*$/,
      why: 'these actions are on no resource; a condition names the Regions',
    },
  ];

  function justified(one: Statement, action: string, resource: string): boolean {
    return JUSTIFIED.some(
      (entry) =>
        entry.where.test(one.where) &&
        entry.resource.test(resource) &&
        (entry.action?.test(action) ?? !action.includes('*')),
    );
  }

  function wider(found: Statement[]): string[] {
    return found
      .filter((one) => one.effect === 'Allow')
      .flatMap((one) => one.actions.flatMap((action) => one.resources.map((resource) => ({ one, action, resource }))))
      .filter(({ action, resource }) => /[*?]/.test(action) || /[*?]/.test(resource))
      .filter(({ one, action, resource }) => !justified(one, action, resource))
      .map(({ one, action, resource }) => `${one.where}: ${action} on ${resource}`);
  }

  test('no wildcard in what is allowed but those that are listed', () => {
    expect(wider(all)).toEqual([]);
  });

  test('one that is not listed is found', () => {
    const one: Statement = {
      where: 'AWS::IAM::Role RolesReader',
      effect: 'Allow',
      actions: ['apigateway:GET'],
      resources: ['*'],
    };
    expect(wider([one])).toEqual(['AWS::IAM::Role RolesReader: apigateway:GET on *']);
    expect(wider([{ ...one, actions: ['dynamodb:*'], resources: ['${Table.Arn}'] }]).length).toBe(1);
    expect(
      wider([{ ...one, actions: ['apigateway:*'], resources: ['arn:${AWS::Partition}:apigateway:*::/account'] }])
        .length,
    ).toBe(1);
  });

  test('nothing is allowed by saying what is not', () => {
    expect(JSON.stringify(corpus().map(([, json]) => json))).not.toMatch(/"Not(Action|Resource|Principal)"/);
  });

  test('everybody is let in nowhere but on the hub bus, and there only the organisation', () => {
    const open = all.filter((one) => one.effect === 'Allow' && (one.principal === '*' || one.principal?.AWS === '*'));
    expect(open.length).toBeGreaterThan(0);
    for (const one of open) {
      expect(one.where).toMatch(/^AWS::Events::EventBus /);
      expect(one.actions).toEqual(['events:PutEvents']);
      expect(one.resources).toEqual([`arn:aws:events:eu-west-1:${HUB}:event-bus/portcullis`]);
      expect(one.condition).toEqual({ StringEquals: { 'aws:PrincipalOrgID': 'o-exampleorg' } });
    }
  });

  test('nobody may delete or replace anything of API Gateway', () => {
    for (const one of all.filter((one) => one.effect === 'Allow')) {
      expect(one.actions.filter((action) => /^apigateway:(DELETE|PUT|\*)/i.test(action))).toEqual([]);
    }
  });

  test('nobody but the two roles has any right in API Gateway', () => {
    const where = all
      .filter((one) => one.actions.some((action) => action.startsWith('apigateway:')))
      .map((one) => one.where);
    expect(new Set(where)).toEqual(
      new Set([...where].filter((one) => /^AWS::IAM::Role Roles(Reader|Remediator)/.test(one))),
    );
  });

  test('no managed policy of AWS', () => {
    expect(JSON.stringify(corpus().map(([, json]) => json))).not.toMatch(/ManagedPolicyArns|iam::aws:policy/);
  });

  const REGIONS = ['eu', 'us', 'ap'].flatMap((area) =>
    ['central', 'north', 'south', 'northeast', 'southeast', 'west'].map((part) => `${area}-${part}-1`),
  );

  test('nothing of API Gateway is allowed outside of the Regions that are guarded', () => {
    const wide = { ...ORGANISATION, homeRegion: 'eu-west-1', regions: REGIONS, remediation: everything('auto') };
    for (const [config, regions] of [
      [{ ...wide, regions: ['us-east-1', 'eu-west-1'] }, ['eu-west-1', 'us-east-1']],
      [wide, [...REGIONS].sort()],
    ] as const) {
      const found = Object.values(templates(config)).flatMap(statements);
      const ours = found.filter((one) => one.effect === 'Allow' && /Roles(Reader|Remediator)/.test(one.where));
      const regional = ours.filter((one) => one.actions.every((action) => /^(apigateway|logs):/.test(action)));
      expect(regional.length).toBe(8);
      for (const one of regional) expect(one.condition.StringEquals).toEqual({ 'aws:RequestedRegion': regions });
      const others = ours.filter((one) => !one.principal && !regional.includes(one));
      expect(others.map((one) => one.actions)).toEqual([['iam:PassRole']]);
    }
  });

  test('the policies of a role fit into it', () => {
    expect(REGIONS.length).toBeGreaterThanOrEqual(17);
    const everywhere = { ...ORGANISATION, regions: REGIONS, remediation: everything('auto') };
    for (const [, json] of [...corpus(), ...Object.entries(templates(everywhere))]) {
      for (const resource of Object.values(json.Resources).filter((one) => one.Type === 'AWS::IAM::Role')) {
        const policies = plain(resource.Properties['Policies'] ?? []) as { PolicyDocument: object }[];
        const length = policies.map((one) => JSON.stringify(one.PolicyDocument).length).reduce((a, b) => a + b, 0);
        expect(length).toBeLessThan(10_240);
      }
    }
  });
});

describe('each function has exactly its statements', () => {
  test.each(RULE_FUNCTIONS)('%s', (name) => {
    const found = permissionsOf(template(SINGLE), `portcullis-${name}`);
    const keyActions = ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom', 'ReEncryptTo'];
    expect(shorten(grants(found))).toEqual(
      [
        'dynamodb:GetItem Counters',
        'dynamodb:PutItem Counters',
        'dynamodb:Query Baselines',
        ...(name === 'api-exposure' ? [] : ['dynamodb:Query Counters']),
        'dynamodb:UpdateItem Counters',
        ...keyActions.map((action) => `kms:${action} Key`),
        'logs:CreateLogStream Log',
        'logs:PutLogEvents Log',
        'sns:Publish OnCall',
        'sqs:SendMessage Failed',
        `sts:AssumeRole ${READER(HUB)}`,
      ].sort(),
    );
    const key = found.find((one) => one.sid === 'UsesTheKey');
    expect(key?.condition).toEqual({
      StringEquals: { 'kms:ViaService': ['dynamodb.eu-west-1.${AWS::URLSuffix}', 'sns.eu-west-1.${AWS::URLSuffix}'] },
    });
  });

  test('baseline', () => {
    const found = permissionsOf(template(SINGLE), 'portcullis-baseline');
    expect(shorten(grants(found)).filter((one) => !one.startsWith('kms:'))).toEqual([
      'dynamodb:GetItem Baselines',
      'dynamodb:PutItem Baselines',
      'dynamodb:Query Baselines',
      'dynamodb:UpdateItem Baselines',
      'logs:CreateLogStream Log',
      'logs:PutLogEvents Log',
      'sqs:DeleteMessage Sweeps',
      'sqs:GetQueueAttributes Sweeps',
      'sqs:ReceiveMessage Sweeps',
      'sqs:SendMessage Failed',
      'sqs:SendMessage Sweeps',
      `sts:AssumeRole ${READER(HUB)}`,
    ]);
  });

  test('in an organisation the reader of every account, and only those', () => {
    const hub = template(ORGANISATION, 'portcullis-hub');
    for (const name of [...RULE_FUNCTIONS, 'baseline']) {
      const roles = grants(permissionsOf(hub, `portcullis-${name}`)).filter((one) => one.startsWith('sts:'));
      expect(roles).toEqual(MEMBERS.map((account) => `sts:AssumeRole ${READER(account)}`));
    }
  });

  test('more accounts than a role can name go into managed policies', () => {
    const ids = Array.from({ length: 200 }, (_, at) => String(200000000000 + at));
    const organisation = { id: 'o-exampleorg', accounts: Object.fromEntries(ids.map((id) => [id, {}])) };
    const hub = template({ ...ORGANISATION, organisation, heartbeat: 'account' }, 'portcullis-hub');
    const managed = statements(hub).filter((one) => one.where.startsWith('AWS::IAM::ManagedPolicy'));
    expect(managed.length).toBe(4 * 3);
    for (const one of managed) expect(JSON.stringify(one.resources).length).toBeLessThan(6_000);
    const roles = grants(permissionsOf(hub, 'portcullis-baseline')).filter((one) => one.startsWith('sts:'));
    expect(roles).toEqual(ids.map((id) => `sts:AssumeRole ${READER(id)}`));
    expect(Object.keys(hub.Resources).length).toBeLessThanOrEqual(500);
  });
});

describe('only approve and auto put a right to write into a role', () => {
  describe.each(MODES)('%s', (mode) => {
    test('in the one account', () => {
      const json = template({ ...SINGLE_WITH_ROLE, remediation: everything(mode) });
      checkFunctions(json, mode, [HUB]);
      expect(hasNamed(json, 'AWS::IAM::Role', 'RoleName', 'portcullis-remediator')).toBe(writes(mode));
    });

    test('in hub and member', () => {
      const all = templates({ ...ORGANISATION, remediation: everything(mode) });
      checkFunctions(all['portcullis-hub']!, mode, [...MEMBERS]);
      const members = Object.entries(all).filter(([name]) => name.startsWith('portcullis-member'));
      expect(members.map(([name]) => name)).toEqual([
        writes(mode) ? `portcullis-member-${REMEDIATION_NAMES.join('-')}` : 'portcullis-member',
      ]);
      for (const [, json] of members) {
        expect(hasNamed(json, 'AWS::IAM::Role', 'RoleName', 'portcullis-remediator')).toBe(writes(mode));
        expect(hasNamed(json, 'AWS::IAM::Role', 'RoleName', 'portcullis-reader')).toBe(true);
      }
    });
  });

  function checkFunctions(json: Json, mode: (typeof MODES)[number], accounts: string[]): void {
    for (const name of RULE_FUNCTIONS) {
      const found = permissionsOf(json, `portcullis-${name}`);
      const mayWrite = writes(mode) && name !== 'api-lifecycle';
      const roles = grants(found).filter((one) => one.includes('remediator'));
      expect(roles).toEqual(mayWrite ? accounts.map((account) => `sts:AssumeRole ${REMEDIATOR(account)}`) : []);
      expect(grants(found).filter((one) => one.startsWith('ssm:'))).toEqual(
        mayWrite ? [`ssm:GetParameter arn:aws:ssm:eu-west-1:${HUB}:parameter/portcullis/remediation`] : [],
      );
      const keepsLedger = name !== 'api-lifecycle' && ['dry-run', 'approve', 'auto'].includes(mode);
      const writable = found.filter((one) => one.actions.includes('dynamodb:PutItem') && one.sid === 'WritesCounters');
      expect(writable.map((one) => one.condition)).toEqual([
        {
          'ForAllValues:StringLike': {
            'dynamodb:LeadingKeys': [
              ...(name === 'api-exposure' ? [] : ['W#*', 'A#*']),
              'F#*',
              'Q#*',
              ...(keepsLedger ? ['L#*'] : []),
            ],
          },
        },
      ]);
      const [, fn] = Object.entries(json.Resources).find(
        ([, one]) => one.Properties?.['FunctionName'] === `portcullis-${name}`,
      )!;
      const variables = fn.Properties['Environment'].Variables;
      expect(variables.PORTCULLIS_REMEDIATION_MAX).toBe(name === 'api-lifecycle' ? 'notify' : mode);
      expect(variables.PORTCULLIS_KILL_SWITCH).toBe(mayWrite ? '/portcullis/remediation' : undefined);
    }
    expect(hasNamed(json, 'AWS::SSM::Parameter', 'Name', '/portcullis/remediation')).toBe(writes(mode));
  }

  test('only in the accounts that a target selects', () => {
    const remediation = { contain: { targets: [{ accounts: [MEMBERS[0]], mode: 'auto' }] } };
    const all = templates({ ...ORGANISATION, remediation });
    expect(Object.keys(all)).toEqual(['portcullis-hub', 'portcullis-member', 'portcullis-member-contain']);
    expect(all['portcullis-member']!.Metadata?.['Portcullis'].Accounts).toEqual([MEMBERS[1], MEMBERS[2]]);
    expect(all['portcullis-member-contain']!.Metadata?.['Portcullis'].Accounts).toEqual([MEMBERS[0]]);
    const hub = all['portcullis-hub']!;
    const roles = (name: string) =>
      grants(permissionsOf(hub, `portcullis-${name}`)).filter((one) => one.includes('remediator'));
    expect(roles('api-exposure')).toEqual([`sts:AssumeRole ${REMEDIATOR(MEMBERS[0])}`]);
    expect(roles('stage-logging')).toEqual([]);
    expect(hasNamed(all['portcullis-member']!, 'AWS::IAM::Role', 'RoleName', 'portcullis-remediator')).toBe(false);
  });
});

describe('a remediation brings its own rights and no others', () => {
  const api = (path: string) => `arn:${PARTITION}:apigateway:*::${path}`;
  const EXPECTED: Record<(typeof REMEDIATION_NAMES)[number], string[]> = {
    'restore-stage-logging': [
      `apigateway:PATCH ${api('/apis/*/stages/*')}`,
      `apigateway:PATCH ${api('/restapis/*/stages/*')}`,
      'logs:CreateLogDelivery *',
      'logs:DescribeLogGroups *',
      'logs:DescribeResourcePolicies *',
      'logs:GetLogDelivery *',
      'logs:ListLogDeliveries *',
      'logs:PutResourcePolicy *',
      'logs:UpdateLogDelivery *',
    ],
    'restore-account-logging-role': [
      `apigateway:PATCH ${api('/account')}`,
      `iam:PassRole arn:${PARTITION}:iam::\${AWS::AccountId}:role/apigateway-logs`,
    ],
    'restore-private-endpoint': [
      `apigateway:PATCH ${api('/restapis/??????????')}`,
      `apigateway:UpdateRestApiPolicy ${api('/restapis/*')}`,
    ],
    redeploy: [`apigateway:POST ${api('/restapis/*/deployments')}`],
    contain: [`apigateway:PATCH ${api('/restapis/*/stages/*')}`],
  };

  test.each(REMEDIATION_NAMES)('%s', (name) => {
    const remediation = { [name]: { mode: 'approve' } };
    const member = template({ ...ORGANISATION, remediation }, `portcullis-member-${name}`);
    const one = template({ ...SINGLE_WITH_ROLE, remediation });
    for (const json of [member, one]) {
      const found = permissionsOf(json, 'portcullis-remediator');
      expect(grants(found)).toEqual(EXPECTED[name]);
      const denied = found.filter((statement) => statement.effect === 'Deny' && statement.resources.includes('*'));
      expect(denied.flatMap((statement) => statement.actions).sort()).toEqual(['apigateway:DELETE', 'apigateway:PUT']);
    }
    const trusted = [`portcullis-${REMEDIATIONS[name]}`];
    expect(trustOf(member, 'portcullis-remediator').map((statement) => statement.principal)).toEqual([
      { AWS: `arn:${PARTITION}:iam::${HUB}:role/${trusted[0]}` },
    ]);
  });

  test('the logging role is the only one that may be passed, and only to API Gateway', () => {
    const remediation = { 'restore-account-logging-role': { mode: 'approve' } };
    const found = permissionsOf(template({ ...SINGLE_WITH_ROLE, remediation }), 'portcullis-remediator');
    const pass = found.filter((one) => one.actions.includes('iam:PassRole'));
    expect(pass.map((one) => one.condition)).toEqual([
      { StringEquals: { 'iam:PassedToService': 'apigateway.amazonaws.com' } },
    ]);
  });
});

describe('who may take the roles', () => {
  const hubRole = (name: string) => `arn:${PARTITION}:iam::${HUB}:role/portcullis-${name}`;

  test('the reader trusts the functions of the hub, by exact name', () => {
    const trust = trustOf(template(ORGANISATION, 'portcullis-member'), 'portcullis-reader');
    expect(trust.map(({ effect, actions, condition }) => ({ effect, actions, condition }))).toEqual([
      { effect: 'Allow', actions: ['sts:AssumeRole'], condition: undefined },
    ]);
    expect(trust[0]!.principal.AWS.sort()).toEqual(
      ['api-exposure', 'api-lifecycle', 'baseline', 'stage-logging'].map(hubRole),
    );
  });

  test('the remediator trusts those that write, under any session name', () => {
    const all = templates({ ...ORGANISATION, remediation: everything('auto') });
    const member = all[`portcullis-member-${REMEDIATION_NAMES.join('-')}`]!;
    const trust = trustOf(member, 'portcullis-remediator');
    expect(trust[0]!.principal.AWS.sort()).toEqual(['api-exposure', 'stage-logging'].map(hubRole));
    expect(trust[0]!.condition).toBeUndefined();
  });

  test('in the one account they trust its functions', () => {
    const json = template({ ...SINGLE_WITH_ROLE, remediation: { contain: { mode: 'auto' } } });
    expect(trustOf(json, 'portcullis-remediator').map((one) => one.principal)).toEqual([
      { AWS: expect.stringMatching(/^\$\{GuardapiexposureGuardedRole\w+\.Arn\}$/) },
    ]);
    expect(trustOf(json, 'portcullis-reader')[0]!.principal.AWS.length).toBe(4);
  });

  test('the reader reads and nothing else', () => {
    const found = permissionsOf(template(SINGLE), 'portcullis-reader');
    expect(new Set(found.filter((one) => one.effect === 'Allow').flatMap((one) => one.actions))).toEqual(
      new Set(['apigateway:GET']),
    );
    expect(allows(found, 'apigateway:PATCH')).toBe(false);
  });
});

/** `${GuardCountersTableC138EAE5.Arn}` as `Counters`. */
function shorten(found: string[]): string[] {
  const parts = ['Counters', 'Baselines', 'Key', 'Log', 'OnCall', 'Failed', 'Sweeps'];
  return found
    .map((one) => {
      const [action, resource] = one.split(' ') as [string, string];
      const part = parts.find((name) => new RegExp(`^\\$\\{Guard\\w*${name}`).test(resource));
      return `${action} ${part ?? resource}`;
    })
    .sort();
}

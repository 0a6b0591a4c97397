/** What modes and targets mean for an account, and the files that the functions read. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../lib/config';
import { accountsToml, furthestModeOf, memberVariants, modeIn, remediationToml, writableIn } from '../lib/remediation';
import { POLICIES } from '../lib/paths';
import { MODES, REMEDIATION_NAMES, writes } from '../lib/remediation-names';
import { MEMBERS, ORGANISATION, SINGLE } from './synthesis';

const [FIRST, SECOND, THIRD] = MEMBERS;

function contain(mode: string, targets: object[]) {
  return parseConfig({ ...ORGANISATION, remediation: { contain: { mode, targets } } });
}

describe('the furthest mode in an account', () => {
  test.each<[string, string, object[], string, string]>([
    ['the default', 'dry-run', [], 'dry-run', 'dry-run'],
    ['a target of the account', 'notify', [{ accounts: [FIRST], mode: 'auto' }], 'auto', 'notify'],
    ['a target of its unit', 'notify', [{ organisationalUnits: ['production'], mode: 'approve' }], 'approve', 'notify'],
    ['a target of all', 'auto', [{ mode: 'off' }], 'off', 'off'],
    ['the last target decides', 'off', [{ mode: 'auto' }, { accounts: [FIRST], mode: 'notify' }], 'notify', 'auto'],
    [
      'a narrow target may match or not',
      'notify',
      [{ accounts: [FIRST], stages: ['prod'], mode: 'auto' }],
      'auto',
      'notify',
    ],
    [
      'a narrow one does not lower',
      'auto',
      [{ accounts: [FIRST], tags: { keep: 'off' }, mode: 'off' }],
      'auto',
      'auto',
    ],
    [
      'one Region of two is narrow',
      'auto',
      [{ accounts: [FIRST], regions: ['us-east-1'], mode: 'off' }],
      'auto',
      'auto',
    ],
    [
      'every Region is not',
      'auto',
      [{ accounts: [FIRST], regions: ['us-east-1', 'eu-west-1'], mode: 'off' }],
      'off',
      'auto',
    ],
    [
      'a wide target drops narrow ones before it',
      'off',
      [{ apis: ['a1'], mode: 'auto' }, { mode: 'notify' }],
      'notify',
      'notify',
    ],
  ])('%s', (_, mode, targets, first, third) => {
    const config = contain(mode, targets);
    expect(modeIn(config, 'contain', FIRST)).toBe(first);
    expect(modeIn(config, 'contain', THIRD)).toBe(third);
  });

  test('only approve and auto write', () => {
    expect(MODES.filter(writes)).toEqual(['approve', 'auto']);
  });

  test('of a function: the furthest of its remediations, wherever', () => {
    const config = contain('notify', [{ accounts: [THIRD], mode: 'approve' }]);
    expect(furthestModeOf(config, 'api-exposure')).toBe('approve');
    expect(furthestModeOf(config, 'stage-logging')).toBe('notify');
    expect(furthestModeOf(config, 'api-lifecycle')).toBe('notify');
  });
});

describe('member templates', () => {
  test('one for each set of remediations', () => {
    const config = parseConfig({
      ...ORGANISATION,
      remediation: {
        contain: { targets: [{ accounts: [FIRST, SECOND], mode: 'auto' }] },
        redeploy: { targets: [{ accounts: [FIRST, SECOND], mode: 'approve' }] },
      },
    });
    expect(memberVariants(config).map(({ name, accounts }) => [name, accounts])).toEqual([
      ['member', [THIRD]],
      ['member-redeploy-contain', [FIRST, SECOND]],
    ]);
    expect(writableIn(config, FIRST)).toEqual(['redeploy', 'contain']);
  });

  test('and for each role that API Gateway logs with', () => {
    const accounts = { [FIRST]: {}, [SECOND]: { cloudWatchRoleName: 'path/of-its-own' } };
    const organisation = { id: 'o-exampleorg', accounts };
    const remediation = { 'restore-account-logging-role': { mode: 'auto' } };
    const variants = memberVariants(parseConfig({ ...ORGANISATION, organisation, remediation }));
    expect(variants.map(({ name, cloudWatchRoleName }) => [name, cloudWatchRoleName])).toEqual([
      ['member-restore-account-logging-role', 'apigateway-logs'],
      ['member-restore-account-logging-role-path-of-its-own', 'path/of-its-own'],
    ]);
  });

  describe('that read alike in the id of a stack stay apart:', () => {
    const variants = (accounts: object, contain: object) => {
      const remediation = { 'restore-account-logging-role': { mode: 'auto' }, contain };
      const found = memberVariants(
        parseConfig({ ...ORGANISATION, organisation: { id: 'o-exampleorg', accounts }, remediation }),
      );
      expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
      return found;
    };

    test('roles that differ in what an id cannot hold', () => {
      const [first, second, ...others] = variants(
        { [FIRST]: { cloudWatchRoleName: 'logs/a_b' }, [SECOND]: { cloudWatchRoleName: 'logs-a-b' }, [THIRD]: {} },
        {},
      ).toReversed();
      expect([first!.cloudWatchRoleName, second!.cloudWatchRoleName].sort()).toEqual(['logs-a-b', 'logs/a_b']);
      for (const { name } of [first!, second!]) {
        expect(name).toMatch(/^member-restore-account-logging-role-logs-a-b-[0-9a-f]{8}$/);
      }
      expect(others.map(({ name }) => name)).toEqual(['member-restore-account-logging-role']);
    });

    test('a role that is named like a remediation', () => {
      const found = variants(
        { [FIRST]: {}, [SECOND]: { cloudWatchRoleName: 'contain' } },
        { targets: [{ accounts: [FIRST], mode: 'auto' }] },
      );
      expect(found.map((one) => [one.accounts, one.remediations])).toEqual(
        expect.arrayContaining([
          [[FIRST], ['restore-account-logging-role', 'contain']],
          [[SECOND], ['restore-account-logging-role']],
        ]),
      );
    });
  });

  test('a role that may be passed must be known', () => {
    const remediation = { 'restore-account-logging-role': { mode: 'auto' } };
    const { cloudWatchRoleName: _, ...unknown } = ORGANISATION;
    expect(() => memberVariants(parseConfig({ ...unknown, remediation }))).toThrow('cloudWatchRoleName: is missing');
  });
});

describe('files of the functions', () => {
  test('the remediations are those of policies/remediation.toml', () => {
    const text = fs.readFileSync(path.join(POLICIES, 'remediation.toml'), 'utf8');
    const names = [...text.matchAll(/^([a-z-]+) = "(?:off|notify|dry-run|approve|auto)"$/gm)].map(([, name]) => name);
    expect(names).toEqual(REMEDIATION_NAMES);
  });

  test('remediation.toml by default', () => {
    expect(remediationToml(parseConfig(SINGLE))).toMatchInlineSnapshot(`
      "# Rendered from the configuration of the deployment.

      [modes]
      restore-stage-logging = "notify"
      restore-account-logging-role = "notify"
      restore-private-endpoint = "notify"
      redeploy = "notify"
      contain = "notify"
      "
    `);
  });

  test('remediation.toml with everything', () => {
    const config = parseConfig({
      ...ORGANISATION,
      remediation: {
        'restore-stage-logging': {
          mode: 'dry-run',
          targets: [
            { organisationalUnits: ['production'], accounts: [THIRD], mode: 'approve' },
            {
              apis: ['a1b2c3d4e5'],
              stages: ['prod'],
              regions: ['us-east-1'],
              tags: { 'team "x"': 'a\\b' },
              mode: 'auto',
              cloudformation: true,
            },
          ],
        },
      },
      exemptions: [
        {
          organisationalUnits: ['sandbox'],
          remediations: ['contain'],
          reason: 'load test',
          owner: 'team-x',
          expires: '2026-12-31T00:00:00Z',
        },
      ],
      breakGlass: ['arn:aws:iam::111122223333:role/break-glass'],
    });
    expect(remediationToml(config)).toMatchInlineSnapshot(`
      "# Rendered from the configuration of the deployment.

      [modes]
      restore-stage-logging = "dry-run"
      restore-account-logging-role = "notify"
      restore-private-endpoint = "notify"
      redeploy = "notify"
      contain = "notify"

      [[target]]
      remediations = ["restore-stage-logging"]
      accounts = ["222233334444", "333344445555", "444455556666"]
      mode = "approve"
      cloudformation = false

      [[target]]
      remediations = ["restore-stage-logging"]
      regions = ["us-east-1"]
      apis = ["a1b2c3d4e5"]
      stages = ["prod"]
      tags = { "team \\"x\\"" = "a\\\\b" }
      mode = "auto"
      cloudformation = true

      [[exemption]]
      remediations = ["contain"]
      accounts = ["444455556666"]
      reason = "load test"
      owner = "team-x"
      expires = "2026-12-31T00:00:00Z"

      [break-glass]
      principals = ["arn:aws:iam::111122223333:role/break-glass"]
      "
    `);
  });

  test('accounts.toml', () => {
    expect(accountsToml(parseConfig(SINGLE))).toBe('accounts = ["111122223333"]\nregions = ["eu-west-1"]\n');
    expect(accountsToml(parseConfig(ORGANISATION))).toBe(
      'accounts = ["222233334444", "333344445555", "444455556666"]\nregions = ["eu-west-1", "us-east-1"]\n',
    );
  });
});

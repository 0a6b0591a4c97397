/** What a configuration file may say, and what is said of one that may not. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig, readConfig } from '../lib/config';
import { INFRA } from '../lib/paths';
import { MEMBERS, ORGANISATION, SINGLE } from './synthesis';

function problems(config: unknown): string[] {
  try {
    parseConfig(config);
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.replace('  - ', ''));
  }
  return [];
}

describe('what is accepted', () => {
  test.each(['single-account', 'organisation'])('the example %s', (name) => {
    expect(readConfig(path.join(INFRA, `config/${name}.json`)).homeRegion).toBe('eu-west-1');
  });

  test('the least, with its defaults', () => {
    const config = parseConfig(SINGLE);
    expect(config.architecture).toBe('arm64');
    expect(config.reservedConcurrency).toBe(10);
    expect(config.logRetentionDays).toBe(90);
    expect(config.heartbeat).toBe('region');
    const modes = Object.values(config.remediation).map((one) => one.mode);
    expect(modes).toEqual(['notify', 'notify', 'notify', 'notify', 'notify']);
  });
});

describe('unknown names are refused with the nearest one', () => {
  test.each<[string, object, string]>([
    ['a key', { reservedConcurency: 5 }, 'reservedConcurency: unknown key, did you mean `reservedConcurrency`?'],
    [
      'a remediation',
      { remediation: { 'restore-stage-loging': { mode: 'auto' } } },
      'remediation.restore-stage-loging: unknown key, did you mean `restore-stage-logging`?',
    ],
    [
      'a mode',
      { remediation: { contain: { mode: 'aprove' } } },
      'remediation.contain.mode: unknown value `aprove`, did you mean `approve`?',
    ],
    [
      'a selector',
      { remediation: { contain: { targets: [{ stage: ['prod'], mode: 'auto' }] } } },
      'remediation.contain.targets[0].stage: unknown key, did you mean `stages`?',
    ],
    ['an architecture', { architecture: 'x86-64' }, 'architecture: unknown value `x86-64`, did you mean `x86_64`?'],
    [
      'nothing near',
      { remediation: { contain: { mode: 'enforced' } } },
      'remediation.contain.mode: unknown value `enforced`, expected one of `off`, `notify`, `dry-run`, `approve`, `auto`',
    ],
  ])('%s', (_, change, message) => {
    expect(problems({ ...SINGLE, ...change })).toEqual([message]);
  });

  test('an organisational unit', () => {
    const remediation = { contain: { targets: [{ organisationalUnits: ['producton'], mode: 'auto' }] } };
    expect(problems({ ...ORGANISATION, remediation })).toEqual([
      'remediation.contain.targets[0].organisationalUnits[0]: unknown unit `producton`, did you mean `production`?',
    ]);
  });
});

describe('what is wrong is named by its path', () => {
  test.each<[string, object, string]>([
    [
      'a number for an account',
      { account: 111122223333 },
      'account: expected an account id of 12 digits, found the number 111122223333',
    ],
    ['a text for a list', { regions: 'eu-west-1' }, 'regions: expected a list, found the text "eu-west-1"'],
    ['no Region', { homeRegion: 'Ireland' }, 'homeRegion: expected a Region such as eu-west-1, found "Ireland"'],
    [
      'a fraction',
      { reservedConcurrency: 1.5 },
      'reservedConcurrency: expected a whole number from 0 to 1000, found 1.5',
    ],
    ...[1, 2, 3].map((found): [string, object, string] => [
      `a brake of ${found}`,
      { reservedConcurrency: found },
      `reservedConcurrency: expected 0 or at least 4, of which sweeps take 2, found ${found}`,
    ]),
    ['null', { onCallEmails: null }, 'onCallEmails: expected a list, found null'],
    ['no retention', { logRetentionDays: 10 }, 'logRetentionDays: CloudWatch Logs allows 1, 3, 5, '],
    [
      'no time',
      { exemptions: [{ apis: ['a'], reason: 'r', owner: 'o', expires: 'soon' }] },
      'exemptions[0].expires: expected a time such as',
    ],
    [
      'a line break',
      { exemptions: [{ apis: ['a'], reason: 'a\nmode = "auto"', owner: 'o', expires: '2026-12-31T00:00:00Z' }] },
      'exemptions[0].reason: expected a reason',
    ],
    [
      'no owner',
      { exemptions: [{ apis: ['a'], reason: 'r', expires: '2026-12-31T00:00:00Z' }] },
      'exemptions[0].owner: is missing',
    ],
    ['no mode', { remediation: { contain: { targets: [{}] } } }, 'remediation.contain.targets[0].mode: is missing'],
    [
      'a session',
      { breakGlass: ['arn:aws:sts::111122223333:assumed-role/a/b'] },
      'breakGlass[0]: expected the ARN of a role or a user',
    ],
    [
      'a pattern for a stage',
      { exemptions: [{ stages: ['prod*'], reason: 'r', owner: 'o', expires: '2026-12-31T00:00:00Z' }] },
      'exemptions[0].stages[0]: expected the name of a stage',
    ],
    [
      'a blank owner',
      { exemptions: [{ reason: 'r', owner: ' ', expires: '2026-12-31T00:00:00Z' }] },
      'exemptions[0].owner: expected an owner',
    ],
    [
      'no such day',
      { exemptions: [{ reason: 'r', owner: 'o', expires: '2026-02-30T00:00:00Z' }] },
      'exemptions[0].expires: expected a time such as',
    ],
    ['a principal', { breakGlass: ['break-glass'] }, 'breakGlass[0]: expected the ARN of a role or a user'],
  ])('%s', (_, change, message) => {
    const [first, ...more] = problems({ ...SINGLE, ...change });
    expect(first).toContain(message);
    if (!('homeRegion' in change)) expect(more).toEqual([]);
  });

  test('every problem at once', () => {
    expect(problems({ account: 1, regionss: [] })).toEqual([
      'regionss: unknown key, did you mean `regions`?',
      'account: expected an account id of 12 digits, found the number 1',
      'homeRegion: is missing',
      'regions: is missing',
    ]);
  });

  test('a file that is no JSON', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'config-'));
    const file = path.join(folder, 'config.json');
    fs.writeFileSync(file, '{');
    expect(() => readConfig(file)).toThrow(`\`${file}\` cannot be read: `);
    fs.rmSync(folder, { recursive: true });
  });
});

describe('a selector never means more than it says', () => {
  test.each<[string, object, string]>([
    ['an empty list', { accounts: [] }, 'accounts: names nothing; leave it out to mean all'],
    ['no tags', { tags: {} }, 'tags: names nothing; leave it out to mean all'],
    ['a foreign account', { accounts: ['999900001111'] }, 'accounts[0]: `999900001111` is not guarded'],
    ['a foreign Region', { regions: ['ap-south-1'] }, 'regions[0]: `ap-south-1` is not guarded'],
  ])('%s', (_, selector, message) => {
    const remediation = { contain: { targets: [{ ...selector, mode: 'auto' }] } };
    expect(problems({ ...ORGANISATION, remediation })[0]).toContain(`remediation.contain.targets[0].${message}`);
    const exemption = { ...selector, reason: 'r', owner: 'o', expires: '2026-12-31T00:00:00Z' };
    expect(problems({ ...ORGANISATION, exemptions: [exemption] })[0]).toContain(`exemptions[0].${message}`);
  });

  test('a unit without accounts, or with foreign ones', () => {
    const units = (organisationalUnits: object) => ({
      ...ORGANISATION,
      organisation: { ...ORGANISATION.organisation, organisationalUnits },
    });
    expect(problems(units({ empty: [] }))[0]).toContain('organisationalUnits.empty: names nothing');
    expect(problems(units({ one: [MEMBERS[0], '999900001111'] }))[0]).toContain('organisationalUnits.one[1]');
  });

  test('the home Region is guarded', () => {
    expect(problems({ ...SINGLE, regions: ['us-east-1'] })[0]).toContain(
      'the home Region `eu-west-1` is not among them',
    );
  });
});

/** cdk-nag on every deployment, and the reasons for what it is told to accept. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Stack, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { INFRA } from '../lib/paths';
import { REMEDIATION_NAMES } from '../lib/remediation-names';
import { appOf, ORGANISATION, SINGLE } from './synthesis';

const AUTO = Object.fromEntries(REMEDIATION_NAMES.map((name) => [name, { mode: 'auto' }]));
const MANY = {
  id: 'o-exampleorg',
  accounts: Object.fromEntries(Array.from({ length: 170 }, (_, at) => [String(200000000000 + at), {}])),
};
const example = (name: string) =>
  JSON.parse(fs.readFileSync(path.join(INFRA, `config/${name}.json`), 'utf8')) as object;

describe('cdk-nag has nothing to say', () => {
  test.each<[string, object]>([
    ['the example for one account', example('single-account')],
    ['the example for an organisation', example('organisation')],
    [
      'one account where everything is automatic',
      { ...SINGLE, regions: ['eu-west-1', 'us-east-1'], cloudWatchRoleName: 'logs', remediation: AUTO },
    ],
    ['an organisation where everything is automatic', { ...ORGANISATION, remediation: AUTO }],
    ['one with more accounts than its hub can hold', { ...ORGANISATION, organisation: MANY, heartbeat: 'account' }],
  ])('of %s', (_, config) => {
    const app = appOf(config);
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    expect(violations.map((one) => one.ruleName)).toEqual([]);
  });

  test('but would', () => {
    const app = appOf(SINGLE);
    new Queue(app.node.findChild('portcullis') as Stack, 'Open');
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    expect(violations.map((one) => one.ruleName)).toContain('AwsSolutions-SQS4');
  });

  test('what is acknowledged has a reason', () => {
    const app = appOf({ ...SINGLE, cloudWatchRoleName: 'logs', remediation: AUTO });
    const entries = app.node
      .findAll()
      .flatMap((one) =>
        one.node.metadata.filter((entry) => entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY),
      );
    expect(entries.length).toBeGreaterThan(10);
    for (const { data } of entries) expect(JSON.stringify(data)).toMatch(/[a-z]{3,} .*[a-z]{3,}/);
  });
});

/** The stack of SCPs and RCPs holds the files of policies/. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { POLICIES } from '../lib/paths';
import { ofType, ORGANISATION, template, templates } from './synthesis';

const FILES = ['scp', 'rcp'].flatMap((folder) =>
  fs
    .readdirSync(path.join(POLICIES, folder))
    .filter((file) => file.endsWith('.json'))
    .map((file) => [folder, path.basename(file, '.json')] as const),
);

function config(policies: object) {
  return { ...ORGANISATION, organisation: { ...ORGANISATION.organisation, policies } };
}

describe.each(FILES)('%s/%s', (folder, name) => {
  const json = template(config({ [name]: ['ou-exam-12345678'] }), 'portcullis-org-policies');
  const [[, policy]] = ofType(json, 'AWS::Organizations::Policy') as [[string, any]];

  test('is the file, with the organisation in it', () => {
    expect(policy.Properties).toMatchObject({
      Name: `portcullis-${name}`,
      Type: folder === 'scp' ? 'SERVICE_CONTROL_POLICY' : 'RESOURCE_CONTROL_POLICY',
      TargetIds: ['ou-exam-12345678'],
    });
    const text = fs.readFileSync(path.join(POLICIES, folder, `${name}.json`), 'utf8');
    const filled = text.replaceAll('${OrganizationId}', 'o-exampleorg').replaceAll('${HubAccount}', '111122223333');
    expect(policy.Properties.Content).toEqual(JSON.parse(filled));
    expect(JSON.stringify(policy.Properties.Content)).not.toMatch(/\$\{\w+\}/);
    expect(JSON.stringify(policy.Properties.Content).length).toBeLessThanOrEqual(5120);
  });

  test('needs no asset', () => {
    expect(json.Parameters).toBeUndefined();
  });
});

test('nothing is attached unless the configuration says so', () => {
  expect(Object.keys(templates(ORGANISATION))).not.toContain('portcullis-org-policies');
});

test('policies are changed one after the other', () => {
  const [first, second] = ['private-apis-stay-private', 'protect-stage-logging'];
  const json = template(config({ [first!]: ['r-exam'], [second!]: ['r-exam'] }), 'portcullis-org-policies');
  const [[id], [, last]] = ofType(json, 'AWS::Organizations::Policy') as [[string, any], [string, any]];
  expect(last.DependsOn).toEqual([id]);
});

test('an unknown policy is refused with the nearest name', () => {
  expect(() => templates(config({ 'private-apis-stay-privat': ['r-exam'] }))).toThrow(
    'there is no policy `private-apis-stay-privat` in policies/scp or policies/rcp: did you mean `private-apis-stay-private`?',
  );
});

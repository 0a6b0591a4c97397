/** Policy documents from policies/{iam,scp,rcp}, with the placeholders that only a deployment can fill. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Aws } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { suggestion } from './nearest';
import { POLICIES } from './paths';

/**
 * Values of placeholders such as `${CloudWatchRoleArn}`. Variables of IAM itself contain a colon and stay. `${Region}`
 * in a list stands for every Region.
 */
export type Placeholders = Readonly<Record<string, string>>;

interface Document {
  readonly Version: string;
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

/** AWS Organizations: SCPs and RCPs, without white space. */
const MOST_CHARACTERS = 5120;

/** A document of policies/iam as the policy of a role that serves these Regions. */
export function rolePolicy(name: string, regions: readonly string[], placeholders: Placeholders = {}): PolicyDocument {
  const known = { Partition: Aws.PARTITION, Account: Aws.ACCOUNT_ID, ...placeholders };
  const document = read('iam', name);
  const statements = document.Statement.map((statement) =>
    PolicyStatement.fromJson(fill(ofRegions(statement, [...regions].sort()), known, name) as object),
  );
  return new PolicyDocument({ statements, minimize: false });
}

function ofRegions(value: unknown, regions: readonly string[]): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((one) =>
      typeof one === 'string' && one.includes('${Region}')
        ? regions.map((region) => one.replaceAll('${Region}', region))
        : [ofRegions(one, regions)],
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, ofRegions(one, regions)]));
}

/** A document of policies/scp or policies/rcp, and which of the two it is. */
export function organisationPolicy(name: string, placeholders: Placeholders): { type: string; content: object } {
  const kinds = { scp: 'SERVICE_CONTROL_POLICY', rcp: 'RESOURCE_CONTROL_POLICY' } as const;
  for (const [folder, type] of Object.entries(kinds)) {
    if (!names(folder).includes(name)) continue;
    const content = fill(read(folder, name), placeholders, name) as object;
    const length = JSON.stringify(content).length;
    if (length > MOST_CHARACTERS)
      throw new Error(`policy \`${name}\` has ${length} characters, at most ${MOST_CHARACTERS} are allowed`);
    return { type, content };
  }
  throw new Error(
    `there is no policy \`${name}\` in policies/scp or policies/rcp: ${suggestion(name, Object.keys(kinds).flatMap(names))}`,
  );
}

function names(folder: string): string[] {
  const files = fs.readdirSync(path.join(POLICIES, folder));
  return files.filter((file) => file.endsWith('.json')).map((file) => path.basename(file, '.json'));
}

function read(folder: string, name: string): Document {
  return JSON.parse(fs.readFileSync(path.join(POLICIES, folder, `${name}.json`), 'utf8')) as Document;
}

function fill(value: unknown, placeholders: Placeholders, document: string): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{(\w+)\}/g, (_, name: string) => {
      const filled = placeholders[name];
      if (filled === undefined)
        throw new Error(`policy \`${document}\` has the placeholder \`${name}\`, which nothing here fills`);
      return filled;
    });
  }
  if (Array.isArray(value)) return value.map((one) => fill(one, placeholders, document));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, placeholders, document)]));
}

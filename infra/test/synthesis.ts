/** Builds the app of a configuration with stub artifacts, and reads its templates as plain values. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { App, type AppProps, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { build, type BuildOptions } from '../lib/app';
import { parseConfig } from '../lib/config';
import { INFRA } from '../lib/paths';

export const HUB = '111122223333';
export const MEMBERS = ['222233334444', '333344445555', '444455556666'] as const;

/** One account, one Region. */
export const SINGLE = { account: HUB, homeRegion: 'eu-west-1', regions: ['eu-west-1'] };

export const ORGANISATION = {
  account: HUB,
  homeRegion: 'eu-west-1',
  regions: ['eu-west-1', 'us-east-1'],
  organisation: {
    id: 'o-exampleorg',
    accounts: Object.fromEntries(MEMBERS.map((account) => [account, {}])),
    organisationalUnits: { production: [MEMBERS[0], MEMBERS[1]], sandbox: [MEMBERS[2]] },
  },
  cloudWatchRoleName: 'apigateway-logs',
};

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, any>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Condition?: string;
}

export interface Json {
  readonly Resources: Record<string, Resource>;
  readonly Outputs?: Record<string, any>;
  readonly Rules?: Record<string, any>;
  readonly Parameters?: Record<string, any>;
  readonly Description?: string;
  readonly Metadata?: Record<string, any>;
}

export function appOf(config: unknown, options: Partial<BuildOptions> = {}, props: AppProps = {}): App {
  const { context } = JSON.parse(fs.readFileSync(path.join(INFRA, 'cdk.json'), 'utf8')) as { context: object };
  const app = new App({ context: context as Record<string, unknown>, ...props });
  build(app, parseConfig(config), { artifacts: '/nowhere', stubArtifacts: true, ...options });
  return app;
}

const known = new Map<string, Record<string, Json>>();

/** Every template of a configuration, by name of the stack. */
export function templates(config: unknown, options: Partial<BuildOptions> = {}): Record<string, Json> {
  const key = JSON.stringify([config, options]);
  const found = known.get(key) ?? templatesOf(appOf(config, options));
  known.set(key, found);
  return found;
}

export function templatesOf(app: App): Record<string, Json> {
  const stacks = app.node.children.filter((child): child is Stack => child instanceof Stack);
  return Object.fromEntries(stacks.map((stack) => [stack.stackName, Template.fromStack(stack).toJSON() as Json]));
}

export function template(config: unknown, stack = 'portcullis', options: Partial<BuildOptions> = {}): Json {
  const found = templates(config, options)[stack];
  if (!found) throw new Error(`no stack ${stack}`);
  return found;
}

export function ofType(json: Json, type: string): [string, Resource][] {
  return Object.entries(json.Resources).filter(([, resource]) => resource.Type === type);
}

/** The resource of a type whose property has a value. */
export function byName(json: Json, type: string, property: string, value: string): [string, Resource] {
  const found = ofType(json, type).find(([, resource]) => resource.Properties[property] === value);
  if (!found) throw new Error(`no ${type} with ${property} ${value}`);
  return found;
}

export function hasNamed(json: Json, type: string, property: string, value: string): boolean {
  return ofType(json, type).some(([, resource]) => resource.Properties[property] === value);
}

/** Intrinsic functions as text: `${AWS::Partition}`, `${Id}`, `${Id.Arn}`. */
export function plain(value: unknown): any {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, inner] = ['', undefined]] = Object.entries(value);
  if (key === 'Ref') return `\${${inner as string}}`;
  if (key === 'Fn::GetAtt') return `\${${(inner as string[]).join('.')}}`;
  if (key === 'Fn::Join') return (inner as [string, unknown[]])[1].map(plain).join((inner as [string, unknown[]])[0]);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

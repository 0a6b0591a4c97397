/** Binaries and stubs, and what lies beside them in an asset. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBinary } from '../lib/artifacts';
import { POLICIES } from '../lib/paths';
import { appOf, HUB, ofType, ORGANISATION, SINGLE, template, templatesOf } from './synthesis';

const NAMES = ['stage-logging', 'api-exposure', 'api-lifecycle', 'baseline'];
const ARM64 = 0xb7;
const X86_64 = 0x3e;
let folder: string;

/** The first 64 bytes of a binary. */
function elf(machine: number, wordSize = 2, byteOrder = 1): Buffer {
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, wordSize, byteOrder, 1]);
  header.writeUInt16LE(machine, 18);
  return header;
}

function build(machine: number): string {
  const artifacts = fs.mkdtempSync(path.join(folder, 'artifacts-'));
  for (const name of NAMES) {
    fs.mkdirSync(path.join(artifacts, name));
    fs.writeFileSync(path.join(artifacts, name, 'bootstrap'), elf(machine));
  }
  return artifacts;
}

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'portcullis-test-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

describe('a binary', () => {
  test.each<[string, Buffer, 'arm64' | 'x86_64', RegExp | undefined]>([
    ['for ARM', elf(ARM64), 'arm64', undefined],
    ['for x86-64', elf(X86_64), 'x86_64', undefined],
    [
      'for x86-64 where ARM is asked for',
      elf(X86_64),
      'arm64',
      /built for x86_64, the configuration asks for arm64: build it with `make lambdas`$/,
    ],
    [
      'for ARM where x86-64 is asked for',
      elf(ARM64),
      'x86_64',
      /built for arm64, the configuration asks for x86_64: build it with `make lambdas ARCH=x86_64`$/,
    ],
    ['for RISC-V', elf(0xf3), 'arm64', /built for machine 243/],
    ['of 32 bits', elf(ARM64, 1), 'arm64', /not a 64-bit little-endian ELF binary/],
    ['of the other byte order', elf(ARM64, 2, 2), 'arm64', /not a 64-bit little-endian ELF binary/],
    [
      'that is a script',
      Buffer.from('#!/bin/sh\nexec something-else\n'),
      'arm64',
      /not a 64-bit little-endian ELF binary/,
    ],
    ['that is empty', Buffer.alloc(0), 'arm64', /not a 64-bit little-endian ELF binary/],
  ])('%s', (_, bytes, architecture, message) => {
    const file = path.join(folder, 'bootstrap');
    fs.writeFileSync(file, bytes);
    const check = () => checkBinary(file, architecture);
    if (message) expect(check).toThrow(message);
    else expect(check).not.toThrow();
  });

  test('that is missing, with the command that builds it', () => {
    const artifacts = path.join(folder, 'nothing-here');
    const file = path.join(artifacts, 'stage-logging', 'bootstrap');
    expect(() => appOf(SINGLE, { artifacts, stubArtifacts: false })).toThrow(
      `\`${file}\` is missing: build it with \`make lambdas\``,
    );
    expect(() => appOf({ ...SINGLE, architecture: 'x86_64' }, { artifacts, stubArtifacts: false })).toThrow(
      `\`${file}\` is missing: build it with \`make lambdas ARCH=x86_64\``,
    );
  });

  test('of the wrong architecture ends the synthesis', () => {
    expect(() => appOf(SINGLE, { artifacts: build(X86_64), stubArtifacts: false })).toThrow(/built for x86_64/);
  });
});

describe('a stub', () => {
  test('is answered with the command of its architecture', () => {
    const rule = template({ ...SINGLE, architecture: 'x86_64' }).Rules?.['StubArtifacts'];
    expect(rule.Assertions[0].AssertDescription).toContain('`make lambdas ARCH=x86_64`');
  });

  test.each([
    ['portcullis', SINGLE],
    ['portcullis-hub', ORGANISATION],
  ])('cannot be deployed: %s', (stack, config) => {
    expect(template(config, stack).Rules?.['StubArtifacts'].Assertions).toEqual([
      { Assert: { 'Fn::Equals': ['stub', 'binary'] }, AssertDescription: expect.stringContaining('make lambdas') },
    ]);
  });

  test('is gone with real binaries, and so is the rule', () => {
    const app = appOf(SINGLE, { artifacts: build(ARM64), stubArtifacts: false });
    expect(Object.keys(templatesOf(app)['portcullis']!.Rules ?? {})).not.toContain('StubArtifacts');
  });
});

test('the asset is the binary with its configuration beside it', () => {
  const outdir = path.join(folder, 'cdk.out');
  const artifacts = build(ARM64);
  const app = appOf(
    { ...SINGLE, remediation: { contain: { mode: 'dry-run' } } },
    { artifacts, stubArtifacts: false },
    { outdir },
  );
  const json = templatesOf(app)['portcullis']!;
  const policies = fs.readdirSync(path.join(POLICIES, 'cedar')).filter((file) => file !== 'tests');
  for (const [, fn] of ofType(json, 'AWS::Lambda::Function')) {
    const name = (fn.Properties['FunctionName'] as string).replace('portcullis-', '');
    const asset = path.join(outdir, `asset.${(fn.Properties['Code'].S3Key as string).replace('.zip', '')}`);
    expect(fs.readdirSync(asset).sort()).toEqual(['bootstrap', 'config']);
    expect(fs.readFileSync(path.join(asset, 'bootstrap'))).toEqual(elf(ARM64));
    expect(fs.statSync(path.join(asset, 'bootstrap')).mode & 0o111).toBe(0o111);
    const files = fs.readdirSync(path.join(asset, 'config')).sort();
    expect(files).toEqual(
      name === 'baseline' ? ['accounts.toml'] : ['accounts.toml', 'cedar', 'remediation.toml', 'thresholds.toml'],
    );
    const read = (file: string) => fs.readFileSync(path.join(asset, 'config', file), 'utf8');
    expect(read('accounts.toml')).toContain(HUB);
    if (name === 'baseline') continue;
    expect(read('thresholds.toml')).toBe(fs.readFileSync(path.join(POLICIES, 'thresholds.toml'), 'utf8'));
    expect(fs.readdirSync(path.join(asset, 'config/cedar')).sort()).toEqual(policies.sort());
    for (const file of policies) {
      expect(read(`cedar/${file}`)).toBe(fs.readFileSync(path.join(POLICIES, 'cedar', file), 'utf8'));
    }
    expect(read('remediation.toml')).toContain('contain = "dry-run"');
  }
});

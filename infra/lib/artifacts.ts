/**
 * The asset of a function: its `bootstrap` and the folder `config/` beside it. A binary that is missing or
 * built for another architecture ends the synthesis; a stub instead of one makes a template that cannot be deployed.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { CfnRule, Fn, Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Architecture } from './config';

const STUB_RULE = 'StubArtifacts';
const STUB = '#!/bin/sh\nexit 1\n';

/** What builds the binaries of each architecture. */
const BUILD_COMMANDS: Readonly<Record<Architecture, string>> = {
  arm64: 'make lambdas',
  x86_64: 'make lambdas ARCH=x86_64',
};

/** `e_machine` of an ELF header. */
const MACHINES: Readonly<Record<Architecture, number>> = { arm64: 0xb7, x86_64: 0x3e };

export interface ArtifactsProps {
  /** Folder with `<function>/bootstrap`. */
  readonly folder: string;
  readonly architecture: Architecture;
  /** For templates that are looked at and never deployed. */
  readonly stub: boolean;
}

/** A file that goes into `config/`: its text, or the file to copy. */
export type ConfigFile = { readonly text: string } | { readonly from: string };

export class Artifacts {
  public constructor(private readonly props: ArtifactsProps) {}

  /** The code of a function, staged for the stack that `scope` belongs to. */
  public code(scope: Construct, name: string, config: Readonly<Record<string, ConfigFile>>): Code {
    const folder = temporaryFolder();
    const bootstrap = path.join(folder, 'bootstrap');
    if (this.props.stub) {
      refuseDeployment(Stack.of(scope), this.props.architecture);
      fs.writeFileSync(bootstrap, STUB);
    } else {
      fs.copyFileSync(this.binary(name), bootstrap);
    }
    fs.chmodSync(bootstrap, 0o755);
    for (const [file, content] of Object.entries(config)) write(path.join(folder, 'config', file), content);
    return Code.fromAsset(folder);
  }

  private binary(name: string): string {
    const { folder, architecture } = this.props;
    const file = path.join(folder, name, 'bootstrap');
    if (!fs.existsSync(file)) throw new Error(`\`${file}\` is missing: ${build(architecture)}`);
    checkBinary(file, architecture);
    return file;
  }
}

/** Source: System V ABI, "ELF Header": class at 4, byte order at 5, machine at 18. */
export function checkBinary(file: string, architecture: Architecture): void {
  const header = Buffer.alloc(20);
  const descriptor = fs.openSync(file, 'r');
  const read = fs.readSync(descriptor, header, 0, header.length, 0);
  fs.closeSync(descriptor);
  const isElf = read === header.length && header.subarray(0, 4).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46]));
  if (!isElf || header[4] !== 2 || header[5] !== 1) {
    throw new Error(`\`${file}\` is not a 64-bit little-endian ELF binary: ${build(architecture)}`);
  }
  const machine = header.readUInt16LE(18);
  if (machine !== MACHINES[architecture]) {
    const found = Object.entries(MACHINES).find(([, one]) => one === machine)?.[0] ?? `machine ${machine}`;
    throw new Error(
      `\`${file}\` is built for ${found}, the configuration asks for ${architecture}: ${build(architecture)}`,
    );
  }
}

function build(architecture: Architecture): string {
  return `build it with \`${BUILD_COMMANDS[architecture]}\``;
}

/** CloudFormation evaluates rules before it creates a change set, whichever tool deploys. */
function refuseDeployment(stack: Stack, architecture: Architecture): void {
  if (stack.node.tryFindChild(STUB_RULE)) return;
  new CfnRule(stack, STUB_RULE, {
    assertions: [
      {
        assert: Fn.conditionEquals('stub', 'binary'),
        assertDescription: `synthesised with stubs in place of the binaries: build them with \`${BUILD_COMMANDS[architecture]}\` and leave out stubArtifacts`,
      },
    ],
  });
}

function write(file: string, content: ConfigFile): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  if ('text' in content) fs.writeFileSync(file, content.text);
  else fs.copyFileSync(content.from, file);
}

let staging: string | undefined;

/** `Code.fromAsset` copies the folder into the cloud assembly, so that it may go when the program ends. */
function temporaryFolder(): string {
  if (staging === undefined) {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'portcullis-'));
    process.once('exit', () => fs.rmSync(root, { recursive: true, force: true }));
    staging = root;
  }
  return fs.mkdtempSync(path.join(staging, 'asset-'));
}

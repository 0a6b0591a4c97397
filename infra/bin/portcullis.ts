#!/usr/bin/env node
/**
 * The CDK app. Context: `config` (a file, by default the example for one account), `artifacts` (the folder of
 * binaries), `stubArtifacts=true` (templates to look at), `credentials=cli` (deploy without the bootstrap's roles).
 */
import * as path from 'node:path';
import { App } from 'aws-cdk-lib';
import { build } from '../lib/app';
import { readConfig } from '../lib/config';
import { INFRA, REPOSITORY } from '../lib/paths';

const app = new App();
const context = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;
try {
  build(app, readConfig(path.resolve(context('config') ?? path.join(INFRA, 'config/single-account.json'))), {
    artifacts: path.resolve(context('artifacts') ?? path.join(REPOSITORY, 'target/lambda')),
    stubArtifacts: String(context('stubArtifacts')) === 'true',
    cliCredentials: context('credentials') === 'cli',
  });
} catch (error) {
  // A stack trace of this program says nothing about a user's configuration.
  console.error(`portcullis: ${(error as Error).message}`);
  process.exit(1);
}

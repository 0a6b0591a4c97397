/** Where the parts of the repository lie, seen from the sources as well as from what is compiled. */
import * as fs from 'node:fs';
import * as path from 'node:path';

export const INFRA = folderOf('cdk.json', __dirname);
export const REPOSITORY = path.dirname(INFRA);
export const POLICIES = path.join(REPOSITORY, 'policies');
export const FUNCTIONS = path.join(REPOSITORY, 'functions');

function folderOf(file: string, from: string): string {
  if (fs.existsSync(path.join(from, file))) return from;
  const parent = path.dirname(from);
  if (parent === from) throw new Error(`no \`${file}\` above the sources`);
  return folderOf(file, parent);
}

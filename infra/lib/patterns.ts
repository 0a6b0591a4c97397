/** The EventBridge patterns, from the files that the functions embed; nothing is copied or changed. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { FUNCTIONS } from './paths';

/** As the file spells it: of the members only `detailType` would be renamed, and the file says `detail-type`. */
export function readPattern(name: string): EventPattern {
  return JSON.parse(fs.readFileSync(path.join(FUNCTIONS, name, 'pattern.json'), 'utf8')) as EventPattern;
}

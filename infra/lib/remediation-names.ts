/** The words of remediation: how far each may go, which there are, and which function does it. */

/** From the mildest to the furthest. */
export const MODES = ['off', 'notify', 'dry-run', 'approve', 'auto'] as const;
export type Mode = (typeof MODES)[number];

export const RULE_FUNCTIONS = ['stage-logging', 'api-exposure', 'api-lifecycle'] as const;
export type RuleFunctionName = (typeof RULE_FUNCTIONS)[number];

/** Whether rules of a function count in windows; tests/local-aws holds it against shared/core/src/rules/windows.rs. */
export function countsWindows(name: RuleFunctionName): boolean {
  return name !== 'api-exposure';
}

export const REMEDIATIONS = {
  'restore-stage-logging': 'stage-logging',
  'restore-account-logging-role': 'stage-logging',
  'restore-private-endpoint': 'api-exposure',
  redeploy: 'api-exposure',
  contain: 'api-exposure',
} as const satisfies Record<string, RuleFunctionName>;
export type RemediationName = keyof typeof REMEDIATIONS;
export const REMEDIATION_NAMES = Object.keys(REMEDIATIONS) as RemediationName[];

/** Whether a mode needs the right to change an API. `dry-run` reads, and keeps its plan in the ledger. */
export function writes(mode: Mode): boolean {
  return mode === 'approve' || mode === 'auto';
}

export function furthest(modes: Iterable<Mode>): Mode | undefined {
  return [...modes].sort((a, b) => MODES.indexOf(b) - MODES.indexOf(a))[0];
}

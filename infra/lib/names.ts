/**
 * Names that others rely on: trust policies name the functions' roles before these exist, patterns and
 * SCPs recognise the responder's roles, and operators type the kill switch.
 */

export const READER_ROLE = 'portcullis-reader';
export const REMEDIATOR_ROLE = 'portcullis-remediator';
export const HUB_BUS = 'portcullis';
export const ON_CALL_TOPIC = 'portcullis-on-call';
export const KILL_SWITCH = '/portcullis/remediation';
export const HEARTBEAT_SOURCE = 'portcullis.heartbeat';
export const METRICS_NAMESPACE = 'Portcullis';

/** Of a function, its role and its rule. */
export function functionName(name: string): string {
  return `portcullis-${name}`;
}

export function roleArn(partition: string, account: string, role: string): string {
  return `arn:${partition}:iam::${account}:role/${role}`;
}

export function hubBusArn(partition: string, region: string, account: string): string {
  return `arn:${partition}:events:${region}:${account}:event-bus/${HUB_BUS}`;
}

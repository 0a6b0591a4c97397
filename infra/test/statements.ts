/** Every IAM statement of a template, whatever kind of policy it stands in. */
import { type Json, ofType, plain } from './synthesis';

export interface Statement {
  /** Type and logical id of the resource it stands in. */
  readonly where: string;
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: string[];
  readonly resources: string[];
  readonly principal?: any;
  readonly condition?: any;
}

const DOCUMENTS: Record<string, (properties: Record<string, any>) => any[]> = {
  'AWS::IAM::Role': (one) => [
    one['AssumeRolePolicyDocument'],
    ...(one['Policies'] ?? []).map((policy: any) => policy.PolicyDocument),
  ],
  'AWS::IAM::Policy': (one) => [one['PolicyDocument']],
  'AWS::IAM::ManagedPolicy': (one) => [one['PolicyDocument']],
  'AWS::SQS::QueuePolicy': (one) => [one['PolicyDocument']],
  'AWS::SNS::TopicPolicy': (one) => [one['PolicyDocument']],
  'AWS::KMS::Key': (one) => [one['KeyPolicy']],
  'AWS::Events::EventBus': (one) => (one['Policy'] ? [one['Policy']] : []),
};

export function statements(json: Json): Statement[] {
  return Object.entries(DOCUMENTS).flatMap(([type, documents]) =>
    ofType(json, type).flatMap(([id, resource]) =>
      documents(resource.Properties).flatMap((document) => read(document, `${type} ${id}`)),
    ),
  );
}

/** Of one role, without its trust policy. */
export function permissionsOf(json: Json, role: string): Statement[] {
  const [id, resource] = ofType(json, 'AWS::IAM::Role').find(([, one]) => one.Properties['RoleName'] === role) ?? [];
  if (!id || !resource) return [];
  const own = (resource.Properties['Policies'] ?? []).flatMap((one: any) => read(one.PolicyDocument, id));
  const managed = ofType(json, 'AWS::IAM::ManagedPolicy').filter(([, one]) =>
    plain(one.Properties['Roles']).includes(`\${${id}}`),
  );
  return [...own, ...managed.flatMap(([, one]) => read(one.Properties['PolicyDocument'], id))];
}

export function trustOf(json: Json, role: string): Statement[] {
  const found = ofType(json, 'AWS::IAM::Role').find(([, one]) => one.Properties['RoleName'] === role);
  return found ? read(found[1].Properties['AssumeRolePolicyDocument'], role) : [];
}

/** `action on resource` of what is allowed, sorted. */
export function grants(found: Statement[]): string[] {
  const allowed = found.filter((one) => one.effect === 'Allow');
  return allowed
    .flatMap((one) => one.actions.flatMap((action) => one.resources.map((resource) => `${action} ${resource}`)))
    .sort();
}

export function allows(found: Statement[], action: string): boolean {
  return found.some((one) => one.effect === 'Allow' && one.actions.includes(action));
}

function read(document: any, where: string): Statement[] {
  return [plain(document).Statement].flat().map((one: any) => ({
    where,
    sid: one.Sid,
    effect: one.Effect,
    actions: [one.Action].flat(),
    resources: [one.Resource ?? []].flat(),
    principal: one.Principal,
    condition: one.Condition,
  }));
}

/**
 * The two roles in a guarded account: the reader, always, and the remediator, only where a remediation may
 * write. What they may do stands in policies/iam; who may take them, here.
 */
import { Aws, type CfnCondition } from 'aws-cdk-lib';
import { ArnPrincipal, type CfnRole, CompositePrincipal, Effect, type PolicyDocument, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';
import { READER_ROLE, REMEDIATOR_ROLE, roleArn } from '../names';
import { type Placeholders, rolePolicy } from '../policies';
import type { RemediationName } from '../remediation-names';

export interface MemberRolesProps {
  readonly regions: readonly string[];
  /** Roles of the functions that read. */
  readonly readers: readonly string[];
  /** Roles of the functions that write here; none without remediations. */
  readonly writers: readonly string[];
  /** Those that are `approve` or `auto` here. */
  readonly remediations: readonly RemediationName[];
  /** Name, with its path, of the role that API Gateway logs with. */
  readonly cloudWatchRoleName?: string;
  /** Roles are global: where the stack lies in several Regions, one of them has the roles. */
  readonly condition?: CfnCondition;
}

export class MemberRoles extends Construct {
  public readonly reader: Role;
  public readonly remediator?: Role;

  public constructor(
    scope: Construct,
    id: string,
    private readonly props: MemberRolesProps,
  ) {
    super(scope, id);
    this.reader = this.role('Reader', READER_ROLE, 'Portcullis: reads settings of APIs', props.readers, {
      reader: rolePolicy('reader', props.regions),
    });
    if (props.remediations.length === 0) return;
    const policies = props.remediations.map((name) => [name, this.policyOf(name)] as const);
    this.remediator = this.role(
      'Remediator',
      REMEDIATOR_ROLE,
      `Portcullis: ${props.remediations.join(', ')}`,
      props.writers,
      Object.fromEntries(policies),
    );
  }

  private policyOf(name: RemediationName): PolicyDocument {
    const logging = this.props.cloudWatchRoleName;
    const placeholders: Placeholders = logging
      ? { CloudWatchRoleArn: roleArn(Aws.PARTITION, Aws.ACCOUNT_ID, logging) }
      : {};
    return rolePolicy(`remediator-${name}`, this.props.regions, placeholders);
  }

  private role(
    id: string,
    name: string,
    description: string,
    trusted: readonly string[],
    inlinePolicies: Record<string, PolicyDocument>,
  ): Role {
    const role = new Role(this, id, {
      roleName: name,
      description,
      // The session name is free: of a write it is the id of the ledger entry.
      assumedBy: new CompositePrincipal(...trusted.map((arn) => new ArnPrincipal(arn))),
      inlinePolicies,
    });
    if (this.props.condition) (role.node.defaultChild as CfnRole).cfnOptions.condition = this.props.condition;
    for (const [document, policy] of Object.entries(inlinePolicies)) acknowledgeWildcards(role, document, policy);
    return role;
  }
}

/**
 * ARNs of API Gateway name no account, and APIs have ids that nobody knows in advance. The actions of log delivery are on
 * no resource.
 */
function acknowledgeWildcards(role: Role, document: string, policy: PolicyDocument): void {
  const reason = `policies/iam, document ${document}: any API of the account, or log delivery, reviewed there`;
  const statements = (policy.toJSON() as { Statement: { Effect: string; Resource: string | string[] }[] }).Statement;
  const allowed = statements.filter((one) => one.Effect === Effect.ALLOW);
  const resources = allowed.flatMap((one) => one.Resource).filter((one) => one.includes('*'));
  for (const resource of resources) {
    const shown = resource.replace(Aws.PARTITION, '<AWS::Partition>');
    acknowledge(role, { [`IAM5[Resource::${shown}]`]: reason });
  }
}

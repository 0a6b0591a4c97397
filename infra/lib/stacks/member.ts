/**
 * A guarded account of an organisation: forwards from every Region, lets the hub's functions in. It has no
 * asset and names no account of its own, so that its template serves as a StackSet's.
 *
 * The hub comes first: a role can only trust roles that exist. IAM turns their ARNs into ids then, so a hub
 * that was removed and deployed anew needs its members deployed anew too.
 */
import { Aws, CfnCondition, CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from '../config';
import { Forwarder } from '../constructs/forwarder';
import { MemberRoles } from '../constructs/member-roles';
import { functionName, hubBusArn, roleArn } from '../names';
import { functionsOf, type MemberVariant } from '../remediation';
import { RULE_FUNCTIONS } from '../remediation-names';

export interface MemberStackProps extends StackProps {
  readonly config: Config;
  readonly variant: MemberVariant;
}

export class MemberStack extends Stack {
  public constructor(scope: Construct, id: string, props: MemberStackProps) {
    super(scope, id, props);
    const { config, variant } = props;
    const { account: hub, homeRegion, regions, heartbeat } = config;
    this.templateOptions.description = description(variant);
    this.templateOptions.metadata = {
      Portcullis: { Accounts: variant.accounts, Regions: regions, Remediations: variant.remediations },
    };
    new Forwarder(this, 'Forwarder', {
      targetBusArn: hubBusArn(Aws.PARTITION, homeRegion, hub),
      heartbeat: heartbeat !== 'off',
    });
    const condition = new CfnCondition(this, 'HomeRegion', { expression: Fn.conditionEquals(Aws.REGION, homeRegion) });
    const hubRole = (name: string) => roleArn(Aws.PARTITION, hub, functionName(name));
    const roles = new MemberRoles(this, 'Roles', {
      regions,
      readers: [...RULE_FUNCTIONS, 'baseline'].map(hubRole),
      writers: functionsOf(variant.remediations).map(hubRole),
      remediations: variant.remediations,
      cloudWatchRoleName: variant.cloudWatchRoleName,
      condition,
    });
    new CfnOutput(this, 'ReaderRoleArn', { value: roles.reader.roleArn, condition });
    if (roles.remediator) new CfnOutput(this, 'RemediatorRoleArn', { value: roles.remediator.roleArn, condition });
  }
}

/** CloudFormation allows 1,024 characters; the metadata names every account. */
function description({ accounts, remediations }: MemberVariant): string {
  const may = remediations.length > 0 ? `reads, and may ${remediations.join(', ')}` : 'reads only';
  const first = accounts.slice(0, 40).join(', ');
  const rest = accounts.length > 40 ? ` and ${accounts.length - 40} more, see the metadata` : '';
  return `Portcullis member: ${may}. For ${first}${rest}`;
}

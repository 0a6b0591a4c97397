/** Portcullis for one account: everything in the home Region, on its default bus, with the two roles beside it. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Artifacts } from '../artifacts';
import type { Config } from '../config';
import { Guard } from '../constructs/guard';
import { MemberRoles } from '../constructs/member-roles';
import { functionsOf, loggingRoleFor, writableIn } from '../remediation';

export interface SingleAccountStackProps extends StackProps {
  readonly config: Config;
  readonly artifacts: Artifacts;
}

export class SingleAccountStack extends Stack {
  public constructor(scope: Construct, id: string, props: SingleAccountStackProps) {
    super(scope, id, { ...props, description: 'Portcullis: guards the API Gateway control plane of this account' });
    const { config, artifacts } = props;
    const guard = new Guard(this, 'Guard', {
      config,
      artifacts,
      forwarding: config.regions.filter((region) => region !== config.homeRegion),
    });
    const remediations = writableIn(config, config.account);
    new MemberRoles(this, 'Roles', {
      regions: config.regions,
      readers: Object.values(guard.roles),
      writers: functionsOf(remediations).map((name) => guard.roles[name]!),
      remediations,
      cloudWatchRoleName: loggingRoleFor(config, config.account),
    });
  }
}

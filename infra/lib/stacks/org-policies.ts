/** The SCPs and RCPs that the configuration attaches, from policies/. For the account that manages policies. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-organizations';
import type { Construct } from 'constructs';
import type { Config, Organisation } from '../config';
import { organisationPolicy } from '../policies';

export interface OrgPoliciesStackProps extends StackProps {
  readonly config: Config;
  readonly organisation: Organisation;
}

export class OrgPoliciesStack extends Stack {
  public constructor(scope: Construct, id: string, props: OrgPoliciesStackProps) {
    super(scope, id, { ...props, description: 'Portcullis: service and resource control policies' });
    const { config, organisation } = props;
    const placeholders = { OrganizationId: organisation.id, HubAccount: config.account };
    let previous: CfnPolicy | undefined;
    for (const [name, targetIds] of Object.entries(organisation.policies)) {
      const { type, content } = organisationPolicy(name, placeholders);
      const policy: CfnPolicy = new CfnPolicy(this, name, {
        name: `portcullis-${name}`,
        description: `policies/README.md says what ${name} stops and what it cannot`,
        type,
        content,
        targetIds: [...targetIds],
      });
      // Organizations refuses changes that meet another one.
      if (previous) policy.addResourceDependency(previous);
      previous = policy;
    }
  }
}

/** Puts the stacks of a configuration into an app. */
import {
  type App,
  BootstraplessSynthesizer,
  CliCredentialsStackSynthesizer,
  DefaultStackSynthesizer,
  type Stack,
  type StackProps,
  Tags,
  Validations,
} from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Artifacts } from './artifacts';
import type { Config, Organisation } from './config';
import { heartbeatShares } from './constructs/heartbeat-watch';
import { memberVariants } from './remediation';
import { ForwarderStack } from './stacks/forwarder';
import { HeartbeatsStack } from './stacks/heartbeats';
import { HubStack } from './stacks/hub';
import { MemberStack } from './stacks/member';
import { OrgPoliciesStack } from './stacks/org-policies';
import { SingleAccountStack } from './stacks/single-account';

export interface BuildOptions {
  /** Folder with `<function>/bootstrap`. */
  readonly artifacts: string;
  readonly stubArtifacts?: boolean;
  /** Deploy with the credentials of whoever runs the CDK instead of the roles of its bootstrap. */
  readonly cliCredentials?: boolean;
}

export function build(app: App, config: Config, options: BuildOptions): void {
  const stacks = config.organisation
    ? ofOrganisation(app, config, config.organisation, options)
    : ofAccount(app, config, options);
  for (const stack of stacks) Tags.of(stack).add('portcullis:stack', stack.stackName);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}

function ofAccount(app: App, config: Config, options: BuildOptions): Stack[] {
  const others = config.regions.filter((region) => region !== config.homeRegion);
  return [
    new SingleAccountStack(app, 'portcullis', {
      ...home(config, options),
      config,
      artifacts: artifacts(config, options),
    }),
    ...others.map(
      (region) =>
        new ForwarderStack(app, `portcullis-forwarder-${region}`, {
          config,
          env: { account: config.account, region },
          synthesizer: new BootstraplessSynthesizer(),
        }),
    ),
  ];
}

function ofOrganisation(app: App, config: Config, organisation: Organisation, options: BuildOptions): Stack[] {
  // No asset and no environment: deployed by StackSets, or by whoever owns the account.
  const anywhere = () => ({ config, synthesizer: new BootstraplessSynthesizer() });
  const hub = { ...home(config, options), config, organisation, artifacts: artifacts(config, options) };
  const members = memberVariants(config).map((variant) => [`portcullis-${variant.name}`, variant] as const);
  const hasPolicies = Object.keys(organisation.policies).length > 0;
  const hubStack = new HubStack(app, 'portcullis-hub', hub);
  return [
    hubStack,
    ...moreHeartbeats(app, config, hubStack, options),
    ...members.map(([id, variant]) => new MemberStack(app, id, { ...anywhere(), variant })),
    ...(hasPolicies ? [new OrgPoliciesStack(app, 'portcullis-org-policies', { ...anywhere(), organisation })] : []),
  ];
}

/** In the account of the hub, after it: `portcullis-heartbeats-2` and so on. */
function moreHeartbeats(app: App, config: Config, hub: HubStack, options: BuildOptions): Stack[] {
  const [, ...shares] = heartbeatShares(config, config.regions);
  return shares.map((share) => {
    const stack = new HeartbeatsStack(app, `portcullis-${share.prefix}`, { ...home(config, options), share });
    stack.addStackDependency(hub);
    return stack;
  });
}

function artifacts(config: Config, options: BuildOptions): Artifacts {
  const { artifacts: folder, stubArtifacts: stub = false } = options;
  return new Artifacts({ folder, architecture: config.architecture, stub });
}

function home(config: Config, options: BuildOptions): StackProps {
  const qualifier = config.bootstrapQualifier ? { qualifier: config.bootstrapQualifier } : {};
  return {
    env: { account: config.account, region: config.homeRegion },
    synthesizer: options.cliCredentials
      ? new CliCredentialsStackSynthesizer(qualifier)
      : new DefaultStackSynthesizer(qualifier),
  };
}

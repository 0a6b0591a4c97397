/** Portcullis for an organisation: the functions, on a bus that members forward to. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Artifacts } from '../artifacts';
import type { Config, Organisation } from '../config';
import { Guard } from '../constructs/guard';
import { HubBus } from '../constructs/hub-bus';

export interface HubStackProps extends StackProps {
  readonly config: Config;
  readonly organisation: Organisation;
  readonly artifacts: Artifacts;
}

export class HubStack extends Stack {
  public constructor(scope: Construct, id: string, props: HubStackProps) {
    super(scope, id, {
      ...props,
      description: 'Portcullis: guards the API Gateway control planes of the organisation',
    });
    const { config, organisation, artifacts } = props;
    const { bus } = new HubBus(this, 'Bus', { organisationId: organisation.id });
    new Guard(this, 'Guard', { config, artifacts, bus, forwarding: config.regions });
    new CfnOutput(this, 'BusArn', { value: bus.eventBusArn, description: 'Where members forward to' });
  }
}

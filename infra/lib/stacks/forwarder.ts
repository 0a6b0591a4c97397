/** Another Region of the one account: forwards to the default bus of the home Region. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from '../config';
import { Forwarder } from '../constructs/forwarder';

export interface ForwarderStackProps extends StackProps {
  readonly config: Config;
}

export class ForwarderStack extends Stack {
  public constructor(scope: Construct, id: string, props: ForwarderStackProps) {
    super(scope, id, { ...props, description: 'Portcullis: forwards API Gateway events to the home Region' });
    const { homeRegion, account, heartbeat } = props.config;
    new Forwarder(this, 'Forwarder', {
      targetBusArn: `arn:${this.partition}:events:${homeRegion}:${account}:event-bus/default`,
      heartbeat: heartbeat !== 'off',
    });
  }
}

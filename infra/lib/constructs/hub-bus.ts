/** The bus in the hub that members forward to. It admits the organisation and nobody else. */
import { Stack } from 'aws-cdk-lib';
import { type CfnEventBus, EventBus } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyDocument, PolicyStatement, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { HUB_BUS, hubBusArn } from '../names';

export interface HubBusProps {
  readonly organisationId: string;
}

export class HubBus extends Construct {
  public readonly bus: EventBus;

  public constructor(scope: Construct, id: string, props: HubBusProps) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: HUB_BUS,
      description: 'Portcullis: API Gateway events of the organisation',
    });
    const { partition, region, account } = Stack.of(this);
    // `events:source` and its like are left out: whether a forwarded event carries them is not documented,
    // and one that does not would be dropped in silence. The rules on the bus look at the source.
    const admits = new PolicyStatement({
      sid: 'OrganisationForwards',
      effect: Effect.ALLOW,
      principals: [new StarPrincipal()],
      actions: ['events:PutEvents'],
      // Spelt out: in its own policy the bus cannot be asked for its ARN.
      resources: [hubBusArn(partition, region, account)],
      conditions: { StringEquals: { 'aws:PrincipalOrgID': props.organisationId } },
    });
    // As a property of the bus, which so never stands there without it.
    (this.bus.node.defaultChild as CfnEventBus).policy = new PolicyDocument({ statements: [admits] });
  }
}

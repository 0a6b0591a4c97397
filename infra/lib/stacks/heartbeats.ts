/** The heartbeats of accounts for which the hub's stack has no room: rules on its bus, alarms through its topic. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { HeartbeatWatch, type HeartbeatShare } from '../constructs/heartbeat-watch';
import { OnCall } from '../constructs/on-call-topic';
import { HUB_BUS, ON_CALL_TOPIC } from '../names';

export interface HeartbeatsStackProps extends StackProps {
  readonly share: HeartbeatShare;
}

export class HeartbeatsStack extends Stack {
  public constructor(scope: Construct, id: string, props: HeartbeatsStackProps) {
    super(scope, id, { ...props, description: 'Portcullis: heartbeats of more accounts' });
    // By name: an export of the hub could not change any more while somebody imports it.
    const topic = Topic.fromTopicArn(this, 'OnCall', this.formatArn({ service: 'sns', resource: ON_CALL_TOPIC }));
    new HeartbeatWatch(this, 'Heartbeats', {
      share: props.share,
      onCall: new OnCall(topic),
      bus: EventBus.fromEventBusName(this, 'Bus', HUB_BUS),
    });
  }
}

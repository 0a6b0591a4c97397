/**
 * The parameter that every write asks first: `allow` lets it happen, everything else, or nothing, stops it.
 *
 * The template gives the first value only. CloudFormation writes a parameter again when its properties
 * change in the template, not when people have changed its value; so nothing here may vary, and a test pins
 * every property. Should one change all the same, the value falls back to `stop`.
 *
 * It goes when nothing may write any more: functions could not read it then, and one that stayed behind would
 * stop the deployment that makes it anew ("already exists"), or bring back an `allow` nobody remembers.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { KILL_SWITCH } from '../names';

export class KillSwitch extends Construct {
  public constructor(scope: Construct, id: string) {
    super(scope, id);
    const parameter = new CfnParameter(this, 'Parameter', {
      name: KILL_SWITCH,
      type: 'String',
      value: 'stop',
      allowedPattern: '^(stop|allow)$',
      description: 'Portcullis writes to API Gateway only while this says allow',
    });
    parameter.applyRemovalPolicy(RemovalPolicy.DESTROY);
  }
}

/**
 * The key of tables and topic. It stays when the stack goes, because the baseline table does, but not when the
 * first deployment fails.
 */
import { RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

export class DataKey extends Key {
  public constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Portcullis: baselines, counters, messages to on-call',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsPublish',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    // By which policies/scp and policies/rcp know it: a key has no name to go by.
    Tags.of(this).add('portcullis:protected', 'true');
  }
}

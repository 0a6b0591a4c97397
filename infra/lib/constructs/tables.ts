/**
 * The two tables. Counters: windows, findings, shares of messages and the ledger of remediations.
 * Baselines: the last known good settings, which nothing but time can bring back, so that they outlive the stack.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface TableProps {
  readonly key: IKey;
}

export class CounterTable extends Construct {
  public readonly table: Table;

  public constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    this.table = table(this, props.key, RemovalPolicy.DESTROY);
  }
}

export class BaselineTable extends Construct {
  public readonly table: Table;

  public constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    // Not what a first deployment that fails leaves behind: it holds nothing, and the next one makes another.
    this.table = table(this, props.key, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  }
}

/** Without a name of its own, so that a table that was left behind does not stand in the way of the next. */
function table(scope: Construct, key: IKey, removalPolicy: RemovalPolicy): Table {
  return new Table(scope, 'Table', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    timeToLiveAttribute: 'expires_at',
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey: key,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy,
  });
}

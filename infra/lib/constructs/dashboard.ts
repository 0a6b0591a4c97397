/** One page: alarms, what the functions did, what they found, how long it took, and what waits in queues. */
import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  type IAlarm,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { METRICS_NAMESPACE } from '../names';
import { RULE_FUNCTIONS } from '../remediation-names';

export interface DashboardProps {
  readonly alarms: readonly IAlarm[];
}

/** Where one event ends: shared/core/src/metrics.rs. */
const ENDINGS = ['OwnAction', 'NotOurs', 'Quiet', 'Fired', 'Failed'];
/** The same of `baseline`: shared/core/src/keeper/report.rs. */
const BASELINE_ENDINGS = ['Written', 'Known', 'Swept', 'Failed'];
const PERIOD = Duration.minutes(5);
/** CloudWatch shows no more. */
const ALARMS_IN_WIDGET = 100;

export class Dashboard extends Construct {
  public constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: 'portcullis',
      defaultInterval: Duration.days(1),
    });
    dashboard.addWidgets(
      new TextWidget({
        width: 24,
        height: 2,
        markdown: '**Portcullis**: what on-call is told stands in the topic; here is whether it works.',
      }),
    );
    const { alarms } = props;
    for (let start = 0; start < alarms.length; start += ALARMS_IN_WIDGET) {
      const shown = alarms.slice(start, start + ALARMS_IN_WIDGET);
      dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', width: 24, height: 5, alarms: shown }));
    }
    dashboard.addWidgets(
      ...RULE_FUNCTIONS.map((name) =>
        graph(
          `${name}: events`,
          ENDINGS.map((ending) => metric(name, ending)),
        ),
      ),
    );
    dashboard.addWidgets(
      graph(
        'baseline: versions and sweeps',
        BASELINE_ENDINGS.map((ending) => metric('baseline', ending)),
      ),
      graph('Findings by rule', [search('Findings', 'Sum')]),
      graph('Messages that were muted', [search('Muted', 'Sum')]),
    );
    dashboard.addWidgets(
      graph(
        'From event to message (ms)',
        RULE_FUNCTIONS.flatMap((name) => ['p50', 'p99'].map((one) => metric(name, 'Latency', one))),
      ),
      graph(
        'Windows that alerted',
        RULE_FUNCTIONS.map((name) => metric(name, 'WindowAlerts')),
      ),
      graph(
        'Too late for windows, or undecided',
        RULE_FUNCTIONS.flatMap((name) => [metric(name, 'LateBeyondHorizon'), metric(name, 'Undecided')]),
      ),
    );
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6 });
}

function metric(name: string, metricName: string, statistic = 'Sum'): Metric {
  const label = statistic === 'Sum' ? `${name} ${metricName}` : `${name} ${statistic}`;
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { function: name },
    statistic,
    period: PERIOD,
    label,
  });
}

/** Whatever rules there are. */
function search(metricName: string, statistic: string): IMetric {
  const query = `{${METRICS_NAMESPACE},function,rule} MetricName="${metricName}"`;
  return new MathExpression({
    expression: `SEARCH('${query}', '${statistic}', ${PERIOD.toSeconds()})`,
    period: PERIOD,
    label: '',
  });
}

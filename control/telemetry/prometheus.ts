/**
 * The Prometheus text that Linkerd's telemeter prints (spec 06 section 3), byte for byte, and on request true cumulative
 * histograms beside it.
 *
 * The compatible lines are summaries of the last minute only: `_count` and `_sum` fall back every window, so rates over
 * them mean nothing. With histograms, each duration `x_ms` is also printed as `x_seconds_bucket{le}`, `_sum` and
 * `_count`, which only rise. They have names of their own, so no board that reads the compatible ones changes.
 */

import { floatText, type Metric, type MetricNode, type Stat } from './metrics-tree.ts';
import { TextBuffer } from './text-buffer.ts';

/** What to print. */
export interface PrometheusForm {
  /** Put before every name. */
  readonly prefix: string;
  /** Whether to print cumulative histograms too. */
  readonly histograms: boolean;
}

type Labels = readonly (readonly [name: string, value: string])[];

const QUANTILES = [
  ['0', 'min'],
  ['0.5', 'p50'],
  ['0.9', 'p90'],
  ['0.95', 'p95'],
  ['0.99', 'p99'],
  ['0.999', 'p9990'],
  ['0.9999', 'p9999'],
  ['1', 'max'],
] as const;

const SCOPE_PARTS: ReadonlySet<string> = new Set(['service', 'client', 'server']);
const FAILURE_PARTS: ReadonlyMap<string, string> = new Map([
  ['failures', 'failures'],
  ['exn', 'exceptions'],
]);

/** Prints a tree of metrics, one line a value. */
export function prometheusText(root: MetricNode, form: PrometheusForm): string {
  const lines = new TextBuffer();
  walk(root, [], [], form, lines);
  return lines.take();
}

function walk(node: MetricNode, path: readonly string[], labels: Labels, form: PrometheusForm, into: TextBuffer): void {
  const [parts, labelled] = rewrite(path, labels);
  if (node.metric !== undefined) {
    const name = (form.prefix + parts.join(':')).replace(/[^a-zA-Z0-9:]/g, '_');
    writeMetric(node.metric, name, labelled, form, into);
  }
  for (const [name, child] of node.children) walk(child, [...parts, name], labelled, form, into);
}

/** Turns the name that was just appended to `path` into a label where it is one. */
function rewrite(path: readonly string[], labels: Labels): readonly [readonly string[], Labels] {
  const [rt, scope = '', third = '', fourth = ''] = path;
  if (rt !== 'rt') return [path, labels];
  const has = (label: string): boolean => labels.some(([name]) => name === label);
  if (path.length === 2 && !has('rt')) return [['rt'], [...labels, ['rt', scope]]];
  if (path.length === 3 && SCOPE_PARTS.has(scope) && !has(scope))
    return [
      ['rt', scope],
      [...labels, [scope, third]],
    ];
  if (path.length !== 4) return [path, labels];
  if (scope === 'client' && third === 'service' && !has('service')) {
    return [
      ['rt', 'client', 'service'],
      [...labels, ['service', fourth]],
    ];
  }
  const failures = FAILURE_PARTS.get(third) ?? (third === 'exceptions' && has('exception') ? third : undefined);
  if (!SCOPE_PARTS.has(scope) || failures === undefined) return [path, labels];
  const chain = labels.find(([name]) => name === 'exception');
  const others = labels.filter(([name]) => name !== 'exception');
  const exception = chain === undefined ? fourth : `${chain[1]}:${fourth}`;
  return [
    ['rt', scope, failures],
    [...others, ['exception', exception]],
  ];
}

function writeMetric(metric: Metric, name: string, labels: Labels, form: PrometheusForm, into: TextBuffer): void {
  if (metric.kind === 'stat') {
    writeSummary(metric, name, labels, into);
    if (form.histograms) writeHistogram(metric, name, labels, into);
    return;
  }
  const value = metric.read();
  into.add(`${name}${labelText(labels)} ${metric.kind === 'gauge' ? floatText(value) : value}\n`);
}

function writeSummary(stat: Stat, name: string, labels: Labels, into: TextBuffer): void {
  const summary = stat.summary();
  if (summary === undefined || summary.count === 0) return;
  const text = labelText(labels);
  into.add(`${name}_count${text} ${summary.count}\n`);
  into.add(`${name}_sum${text} ${summary.sum}\n`);
  into.add(`${name}_avg${text} ${floatText(summary.avg)}\n`);
  for (const [quantile, field] of QUANTILES) {
    into.add(`${name}${labelText([...labels, ['quantile', quantile]])} ${summary[field]}\n`);
  }
}

function writeHistogram(stat: Stat, name: string, labels: Labels, into: TextBuffer): void {
  const seconds = stat.seconds();
  if (seconds === undefined) return;
  const { bounds, histogram } = seconds;
  const base = `${name.replace(/_ms$/, '')}_seconds`;
  bounds.forEach((bound, index) => {
    into.add(`${base}_bucket${labelText([...labels, ['le', String(bound)]])} ${histogram.atMost[index]}\n`);
  });
  into.add(`${base}_bucket${labelText([...labels, ['le', '+Inf']])} ${histogram.count}\n`);
  into.add(`${base}_sum${labelText(labels)} ${histogram.sum}\n`);
  into.add(`${base}_count${labelText(labels)} ${histogram.count}\n`);
}

/** Labels in braces. The doubled backslash for each of `\`, `"` and newline is Linkerd's own escape. */
function labelText(labels: Labels): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, '\\\\')}"`).join(', ')}}`;
}

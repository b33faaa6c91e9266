/**
 * `/admin/metrics.json` (spec 06 section 2). Written by hand rather than by JSON.stringify: gauges print as `1.0`, the
 * pretty form has Jackson's ` : `, and both are what scripts have been written against.
 */

import type { HistogramSummary } from '../../core/shared/histogram.ts';
import { floatText, type Metric, type MetricNode } from './metrics-tree.ts';
import { TextBuffer } from './text-buffer.ts';

/** How to print. */
export interface JsonForm {
  /** Indented and sorted. */
  readonly pretty: boolean;
  /** Nested objects instead of joined keys. */
  readonly tree: boolean;
}

/** Summary fields in the order they are printed, after `count`. */
const FIELDS = ['max', 'min', 'p50', 'p90', 'p95', 'p99', 'p9990', 'p9999', 'sum'] as const;

/** A key and its printed value, or what is nested below it. */
type Entry = readonly [key: string, value: string | Entry[]];

/** Prints a tree of metrics as one JSON object. */
export function metricsJson(root: MetricNode, form: JsonForm): string {
  if (!form.pretty && !form.tree) return compactFlat(root);
  const entries: Entry[] = form.tree ? nested(root) : flat(root);
  return form.pretty ? prettyObject(entries, '') : compactObject(entries);
}

/** The form that programs poll: written as it is walked, for it can be long. */
function compactFlat(root: MetricNode): string {
  const text = new TextBuffer();
  let separator = '{';
  const entries: Entry[] = [];
  eachMetric(root, '', (metric, key) => {
    metricEntries(metric, key, `${key}.`, entries);
    for (const [name, value] of entries) {
      text.add(`${separator}${JSON.stringify(name)}:${value}`);
      separator = ',';
    }
    entries.length = 0;
  });
  text.add(separator === '{' ? '{}' : '}');
  return text.take();
}

function flat(root: MetricNode): Entry[] {
  const entries: Entry[] = [];
  eachMetric(root, '', (metric, key) => metricEntries(metric, key, `${key}.`, entries));
  return entries;
}

function eachMetric(node: MetricNode, key: string, visit: (metric: Metric, key: string) => void): void {
  if (node.metric !== undefined) visit(node.metric, key);
  for (const [name, child] of node.children) eachMetric(child, key === '' ? name : `${key}/${name}`, visit);
}

function nested(node: MetricNode): Entry[] {
  const entries: Entry[] = [];
  if (node.metric !== undefined) metricEntries(node.metric, node.metric.kind, 'stat.', entries);
  for (const [name, child] of node.children) entries.push([name, nested(child)]);
  return entries;
}

function metricEntries(metric: Metric, key: string, statPrefix: string, into: Entry[]): void {
  if (metric.kind === 'counter') into.push([key, String(metric.read())]);
  else if (metric.kind === 'gauge') into.push([key, jsonFloat(metric.read())]);
  else summaryEntries(metric.summary(), statPrefix, into);
}

function summaryEntries(summary: HistogramSummary | undefined, prefix: string, into: Entry[]): void {
  if (summary === undefined) return;
  into.push([`${prefix}count`, String(summary.count)]);
  if (summary.count === 0) return;
  for (const field of FIELDS) into.push([prefix + field, String(summary[field])]);
  into.push([`${prefix}avg`, jsonFloat(summary.avg)]);
}

/** What JSON cannot say (NaN, Infinity) is quoted, as Jackson does. */
function jsonFloat(value: number): string {
  return Number.isFinite(value) ? floatText(value) : `"${value}"`;
}

function compactObject(entries: readonly Entry[]): string {
  const members = entries.map(
    ([key, value]) => `${JSON.stringify(key)}:${typeof value === 'string' ? value : compactObject(value)}`,
  );
  return `{${members.join(',')}}`;
}

function prettyObject(entries: readonly Entry[], indent: string): string {
  if (entries.length === 0) return '{ }';
  const deeper = `${indent}  `;
  const members = entries
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(
      ([key, value]) =>
        `${deeper}${JSON.stringify(key)} : ${typeof value === 'string' ? value : prettyObject(value, deeper)}`,
    );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

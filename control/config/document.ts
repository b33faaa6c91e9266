/**
 * Text to nodes. Linkerd tells JSON from YAML by the first character (spec 02 section 1); YAML 1.2 contains JSON, so one
 * parser reads both, with positions.
 *
 *     text ─size─> tokens ─depth─> composed document ─> nodes ─count─> schema
 *
 * Each arrow with a name is a bound, checked before the next step runs: the composer recurses, so that depth has to be
 * known first (V8 ends the process, not the call, when a regular expression is compiled near the end of the stack), and
 * an alias shares its anchor's node, so that a "billion laughs" stays small here and is counted before the schema walks it.
 */
import { Composer, type CST, type ErrorCode, isScalar, Parser } from 'yaml';
import type { ConfigNode, Span } from '../../core/config/node.ts';
import type { Problem } from '../../core/config/reading.ts';
import type { LimitValues } from '../../core/limits.ts';
import type { Source } from './source.ts';
import { NodeReader } from './yaml-nodes.ts';

/** The bounds that hold for a document. */
export type DocumentLimits = Pick<LimitValues, 'configCharsMax' | 'configDepthMax' | 'configNodesMax'>;

type Report = (problem: Problem) => void;

const SYNTAX_REMEDY = 'Check brackets, quotes and indentation here.';
const SYNTAX_REMEDIES: Readonly<Partial<Record<ErrorCode, string>>> = {
  TAB_AS_INDENT: 'Indent with spaces.',
  TAG_RESOLVE_FAILED: 'Leave the tag out.',
};

function refuse(report: Report, at: Span, what: string, remedy: string): undefined {
  report({ at, path: '', what, remedy });
}

/**
 * Parses a document.
 *
 * @param report receives syntax errors, duplicate keys, bad aliases and broken bounds
 * @returns the document's value, or undefined when there is none to look at: something was reported then
 */
export function parseDocument(source: Source, limits: DocumentLimits, report: Report): ConfigNode | undefined {
  const { text } = source;
  const whole = { start: 0, end: text.length };
  if (text.length > limits.configCharsMax) {
    const what = `the configuration has ${text.length} characters; at most ${limits.configCharsMax} are read`;
    return refuse(report, whole, what, 'Split it, or raise WEFT_CONFIG_CHARS.');
  }
  const tokens = [...new Parser().parse(text)];
  const tooDeep = tokens.map((token) => findDeeper(token, limits.configDepthMax)).find((at) => at !== undefined);
  if (tooDeep !== undefined) {
    const what = `maps and lists are nested deeper than ${limits.configDepthMax}`;
    return refuse(report, { start: tooDeep, end: tooDeep }, what, 'Write it flatter, or raise WEFT_CONFIG_DEPTH.');
  }
  const composer = new Composer({ schema: 'core', version: '1.2', uniqueKeys: false, merge: false });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  const faults = [...(document?.errors ?? []), ...(document?.warnings ?? [])];
  for (const { pos, message, code } of faults) {
    const language = /^\s*\{/.test(text) ? 'JSON' : 'YAML';
    refuse(
      report,
      { start: pos[0], end: pos[1] },
      `not ${language}: ${message}`,
      SYNTAX_REMEDIES[code] ?? SYNTAX_REMEDY,
    );
  }
  if (second !== undefined) {
    const at = { start: second.range[0], end: second.range[1] };
    return refuse(report, at, 'a second document begins here', 'Write one document a file.');
  }
  if (faults.length > 0) return undefined;
  const contents = document?.contents;
  if (contents === null || contents === undefined || (isScalar(contents) && contents.value === null)) {
    return refuse(report, whole, 'the configuration is empty', 'Write at least "routers:" with one router.');
  }
  const reader = new NodeReader(source, limits.configNodesMax, report);
  const root = reader.read(contents, '');
  if (reader.sizeOf(root) > limits.configNodesMax) {
    const what = `it has more than ${limits.configNodesMax} values, those that aliases repeat counted`;
    return refuse(report, whole, what, 'Use fewer aliases, or raise WEFT_CONFIG_NODES.');
  }
  return root;
}

/** The offset of a token nested deeper than `depthMax` collections, found without recursion. */
function findDeeper(token: CST.Token, depthMax: number): number | undefined {
  const open: { token: CST.Token | null | undefined; depth: number }[] = [{ token, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token: current, depth } = next;
    if (current === null || current === undefined) continue;
    if (depth > depthMax) return 'offset' in current ? current.offset : 0;
    if (current.type === 'document') open.push({ token: current.value, depth });
    if (!('items' in current)) continue;
    for (const item of current.items) {
      open.push({ token: item.key, depth: depth + 1 }, { token: item.value, depth: depth + 1 });
    }
  }
  return undefined;
}

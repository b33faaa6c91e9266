/**
 * The plot of a degrading endpoint, as SVG text: no library, because it is two diagrams of a few lines each. Its colours
 * follow the reader's scheme, and lines differ by their dashes too.
 *
 *     +---------------------------+---------------+
 *     | p99 of each second        | latency by    |   both with the same logarithmic axis of milliseconds
 *     | over the run              | percentile    |
 *     +---------------------------+---------------+
 *     | legend                                    |
 */

/** One balancer's results. */
export interface Curve {
  readonly name: string;
  readonly p99Ms: readonly number[];
  readonly atPercentileMs: (percentile: number) => number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const WIDTH = 960;
const HEIGHT = 420;
const TOP = 44;
const BOTTOM = 330;
const TIME = { left: 60, right: 560 } as const;
const RANK = { left: 640, right: 930 } as const;
const LEGEND_Y = 392;
const LEGEND_STEP = 225;

const MS_MIN = 10;
const MS_MAX = 4000;
const MS_MARKS = [10, 20, 50, 100, 200, 500, 1000, 2000, 4000] as const;
const PERCENTILES = [50, 75, 90, 95, 99, 99.5, 99.9] as const;
const PERCENTILE_MARKS = [50, 90, 99, 99.9] as const;
const TIME_MARKS = 4;

/** Colours by class: of the reader's light scheme and of the dark one. */
const COLOURS: readonly (readonly [rule: string, light: string, dark: string])[] = [
  ['.paper { fill:', '#ffffff', '#161b22'],
  ['text { fill:', '#24292f', '#e6edf3'],
  ['.grid { stroke:', '#d8dee4', '#30363d'],
  ['.endpoint { stroke:', '#6e7781', '#8b949e'],
  ['.c0 { stroke:', '#bc4c00', '#f0883e'],
  ['.c1 { stroke:', '#0969da', '#58a6ff'],
  ['.c2 { stroke:', '#1a7f37', '#3fb950'],
];

const STYLE = `
    text { font: 13px system-ui, sans-serif; }
    .title { font-weight: 600; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
    .c0 { stroke-dasharray: 8 3; }
    .c1 { stroke-dasharray: 3 2; }
    .endpoint { stroke-width: 1.5; stroke-dasharray: 1 3; }
    ${COLOURS.map(([rule, light]) => `${rule} ${light}; }`).join('\n    ')}
    @media (prefers-color-scheme: dark) {
      ${COLOURS.map(([rule, , dark]) => `${rule} ${dark}; }`).join('\n      ')}
    }`;

/**
 * Draws it.
 *
 * @param curves at most three
 * @param delaysMs the endpoint's own delay at each second
 */
export function plotDegrading(curves: readonly Curve[], delaysMs: readonly number[]): string {
  const seconds = delaysMs.length - 1;
  const timeX = (second: number) => TIME.left + ((TIME.right - TIME.left) * second) / seconds;
  const lines = curves.flatMap(({ p99Ms, atPercentileMs }, index) => [
    polyline(
      `c${index}`,
      p99Ms.map((ms, second) => ({ x: timeX(second + 0.5), y: msY(ms) })),
    ),
    polyline(
      `c${index}`,
      PERCENTILES.map((rank) => ({ x: rankX(rank), y: msY(atPercentileMs(rank)) })),
    ),
  ]);
  const endpoint = polyline(
    'endpoint',
    delaysMs.map((ms, second) => ({ x: timeX(second), y: msY(ms) })),
  );
  const parts = [
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(TIME.left, 24, 'p99 of each second, ms', 'start', 'title'),
    text(RANK.left, 24, 'latency by percentile, ms', 'start', 'title'),
    ...[TIME, RANK].flatMap(msGrid),
    ...marks(TIME_MARKS + 1).map((at) => text(timeX(at * seconds), BOTTOM + 20, `${Math.round(at * seconds)} s`)),
    ...PERCENTILE_MARKS.map((rank) => text(rankX(rank), BOTTOM + 20, `p${rank}`)),
    endpoint,
    ...lines,
    ...legend([...curves.map(({ name }, index) => [name, `c${index}`] as const), ['the endpoint itself', 'endpoint']]),
  ];
  const size = `width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}"`;
  const label = 'role="img" aria-label="Latency under each balancer while one of ten endpoints degrades and recovers"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${label}>\n  <style>${STYLE}\n  </style>\n  ${parts.join('\n  ')}\n</svg>\n`;
}

function marks(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index / (count - 1));
}

/** Milliseconds, on a logarithmic axis. */
function msY(ms: number): number {
  const share = Math.log(Math.min(Math.max(ms, MS_MIN), MS_MAX) / MS_MIN) / Math.log(MS_MAX / MS_MIN);
  return BOTTOM - share * (BOTTOM - TOP);
}

/** A percentile, on a logarithmic axis of what lies above it. */
function rankX(percentile: number): number {
  const depth = (rank: number) => Math.log10(100 / (100 - rank));
  const share = (depth(percentile) - depth(50)) / (depth(99.9) - depth(50));
  return RANK.left + share * (RANK.right - RANK.left);
}

function msGrid({ left, right }: { readonly left: number; readonly right: number }): string[] {
  return MS_MARKS.flatMap((ms) => {
    const y = msY(ms).toFixed(1);
    return [
      `<line class="grid" x1="${left}" y1="${y}" x2="${right}" y2="${y}"/>`,
      text(left - 8, msY(ms) + 4, String(ms), 'end'),
    ];
  });
}

function legend(entries: readonly (readonly [name: string, style: string])[]): string[] {
  return entries.flatMap(([name, style], index) => {
    const x = TIME.left + index * LEGEND_STEP;
    return [
      polyline(style, [
        { x, y: LEGEND_Y },
        { x: x + 34, y: LEGEND_Y },
      ]),
      text(x + 42, LEGEND_Y + 4, name, 'start'),
    ];
  });
}

function polyline(style: string, points: readonly Point[]): string {
  const path = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  return `<polyline class="line ${style}" points="${path}"/>`;
}

function text(x: number, y: number, content: string, anchor = 'middle', style = ''): string {
  const named = style === '' ? '' : ` class="${style}"`;
  return `<text${named} x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${content}</text>`;
}

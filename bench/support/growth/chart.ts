/** One line of a chart; x rises. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly Line[];
}

const WIDTH = 720;
const HEIGHT = 380;
const MARGIN = { left: 60, right: 210, top: 44, bottom: 52 };
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const TICKS = 5;
const LABEL_HEIGHT = 16;

/** An SVG line chart: x logarithmic with a tick at each measured value, y linear from 0. */
export function drawChart({ title, xLabel, yLabel, lines }: Chart): string {
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map(({ x }) => x))].toSorted((a, b) => a - b);
  const step = niceStep(Math.max(...points.map(({ y }) => y)) / TICKS);
  const top = step * Math.ceil(Math.max(...points.map(({ y }) => y)) / step);
  const toX = logScale(xs[0] ?? 1, xs.at(-1) ?? 1);
  const toY = (y: number) => HEIGHT - MARGIN.bottom - (y / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const rows = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text({ x: MARGIN.left, y: 24, anchor: "start", size: 15 }, title),
    ...rows.map((y) => `<path d="M${MARGIN.left} ${toY(y)}H${right}" stroke="#ddd"/>`),
    ...rows.map((y) => text({ x: MARGIN.left - 8, y: toY(y) + 4, anchor: "end" }, formatNumber(y))),
    ...xs.map((x) => `<path d="M${toX(x)} ${bottom}v5" stroke="#666"/>`),
    ...xs.map((x) => text({ x: toX(x), y: bottom + 20, anchor: "middle" }, formatNumber(x))),
    text({ x: (MARGIN.left + right) / 2, y: HEIGHT - 12, anchor: "middle" }, xLabel),
    text({ x: MARGIN.left, y: MARGIN.top - 6, anchor: "start" }, yLabel),
    ...lines.map((line, i) => drawLine(line, { color: colorOf(i), toX, toY })),
    ...drawLabels(lines, toY, right),
    "</svg>",
    "",
  ].join("\n");
}

const colorOf = (index: number) => COLORS[index % COLORS.length] ?? "black";

interface Drawing {
  readonly color: string;
  readonly toX: (x: number) => number;
  readonly toY: (y: number) => number;
}

function drawLine({ points }: Line, { color, toX, toY }: Drawing): string {
  const path = points.map(({ x, y }) => `${round(toX(x))} ${round(toY(y))}`).join("L");
  const dots = points.map(({ x, y }) => `<circle cx="${round(toX(x))}" cy="${round(toY(y))}" r="3"/>`);
  return `<g fill="${color}"><path d="M${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join("")}</g>`;
}

/** Names beside the ends of the lines, moved apart where they would cover each other. */
function drawLabels(lines: readonly Line[], toY: (y: number) => number, x: number): readonly string[] {
  const ends = lines.map(({ name, points }, i) => ({
    name,
    color: colorOf(i),
    y: toY(points.at(-1)?.y ?? 0),
  }));
  let lowest = Number.POSITIVE_INFINITY;
  return ends
    .toSorted((a, b) => b.y - a.y)
    .map(({ name, color, y }) => {
      lowest = Math.min(y, lowest - LABEL_HEIGHT);
      return text({ x: x + 10, y: lowest + 4, anchor: "start", color }, name);
    });
}

function logScale(first: number, last: number): (x: number) => number {
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const range = Math.log(last) - Math.log(first) || 1;
  return (x) => MARGIN.left + ((Math.log(x) - Math.log(first)) / range) * width;
}

/** The next of 1, 2 and 5 times a power of ten. */
function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return power * ([1, 2, 5].find((factor) => factor * power >= atLeast) ?? 10);
}

const round = (value: number) => Math.round(value * 10) / 10;

const formatNumber = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 2 });

interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
  readonly size?: number;
  readonly color?: string;
}

function text({ x, y, anchor, size = 12, color = "#333" }: TextPlace, content: string): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}" fill="${color}">${escaped}</text>`;
}

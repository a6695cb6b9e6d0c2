import type { Point } from "@dagrejs/dagre";
import type { Layout, Line, PlacedBox } from "./layout-diagram.ts";
import { HEADER_HEIGHT, NAME_AT, PADDING, ROW_HEIGHT, type Row } from "./measure-entity.ts";
import { describeReference } from "./references.ts";

const CORNER = 8;
/** The part of a row's height at which the text's baseline is. */
const BASELINE = 0.68;

/** The entity-relationship diagram as SVG text; its colours come from the page's style sheet, by class. */
export function renderDiagram({ width, height, boxes, lines }: Layout): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" aria-label="Entities and their relationships" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}">
${MARKERS}
${lines.map(renderLine).join("\n")}
${boxes.map(renderBox).join("\n")}
${lines.map(renderLabel).join("\n")}
</svg>`;
}

/** Crow's feet at the end of a line: exactly one, zero or one, zero or many. */
const MARKERS = `<defs>
${marker("one", '<path d="M8 1v10M12 1v10"/>')}
${marker("maybe", '<circle cx="5" cy="6" r="4"/><path d="M13 1v10"/>')}
${marker("many", '<circle cx="4" cy="6" r="4"/><path d="M8 6L18 0M8 6L18 12"/>')}
</defs>`;

function marker(id: string, drawing: string): string {
  return `<marker id="${id}" class="marker" viewBox="-1 -1 20 14" refX="18" refY="6" markerWidth="20" markerHeight="14" markerUnits="userSpaceOnUse" orient="auto-start-reverse">${drawing}</marker>`;
}

function renderLine(line: Line): string {
  const start = line.isUnique ? "maybe" : "many";
  const end = line.isOptional ? "maybe" : "one";
  return `<path class="line" d="${curveOf(line)}" marker-start="url(#${start})" marker-end="url(#${end})"><title>${escapeXml(describeReference(line))}</title></path>`;
}

/** A curve through the points that leaves and enters each of them straight, in the direction of the layout. */
function curveOf({ points, direction, from, to }: Line): string {
  const [first, ...rest] = points;
  if (!first) return "";
  if (from === to) return loopOf(points);
  let { x, y } = first;
  const curves = rest.map((next) => {
    const [middleX, middleY] = [round((x + next.x) / 2), round((y + next.y) / 2)];
    const [toX, toY] = [round(next.x), round(next.y)];
    const controls =
      direction === "LR"
        ? `${middleX} ${round(y)} ${middleX} ${toY}`
        : `${round(x)} ${middleY} ${toX} ${middleY}`;
    ({ x, y } = next);
    return `C${controls} ${toX} ${toY}`;
  });
  return `M${round(first.x)} ${round(first.y)}${curves.join("")}`;
}

/** Out of the box, around, and back into it. */
function loopOf([start, turn, end]: readonly Point[]): string {
  if (!start || !turn || !end) return "";
  const [x, startY, endY] = [round(turn.x), round(start.y), round(end.y)];
  return `M${round(start.x)} ${startY}C${x} ${startY} ${x} ${endY} ${round(end.x)} ${endY}`;
}

function renderLabel({ labelAt, name }: Line): string {
  return `<text class="label" x="${round(labelAt.x)}" y="${round(labelAt.y + 4)}" text-anchor="middle">${escapeXml(name)}</text>`;
}

function renderBox({ name, x, y, width, height, rows, hidden }: PlacedBox): string {
  const lines = rows.map((row, i) =>
    renderRow(row, { width, y: HEADER_HEIGHT + (i + BASELINE) * ROW_HEIGHT }),
  );
  if (hidden > 0) {
    const at = HEADER_HEIGHT + (rows.length + BASELINE) * ROW_HEIGHT;
    lines.push(`<text class="type" x="${NAME_AT}" y="${round(at)}">and ${hidden} more</text>`);
  }
  const head = `M0 ${HEADER_HEIGHT}V${CORNER}a${CORNER} ${CORNER} 0 0 1 ${CORNER} -${CORNER}H${width - CORNER}a${CORNER} ${CORNER} 0 0 1 ${CORNER} ${CORNER}V${HEADER_HEIGHT}z`;
  return `<g class="entity" transform="translate(${round(x)} ${round(y)})">
<rect class="box" width="${width}" height="${height}" rx="${CORNER}"/>
<path class="head" d="${head}"/>
<text class="name" x="${PADDING}" y="${HEADER_HEIGHT - 11}">${escapeXml(name)}</text>
${lines.join("\n")}
</g>`;
}

function renderRow(
  { key, name, type }: Row,
  { width, y }: { readonly width: number; readonly y: number },
): string {
  const at = round(y);
  return (
    (key ? `<text class="key" x="${PADDING}" y="${at}">${key}</text>` : "") +
    `<text class="column" x="${NAME_AT}" y="${at}">${escapeXml(name)}</text>` +
    `<text class="type" x="${width - PADDING}" y="${at}" text-anchor="end">${escapeXml(type)}</text>`
  );
}

const round = (value: number) => Math.round(value * 10) / 10;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeXml = (text: string) => text.replaceAll(/[&<>"]/g, (character) => escapes[character] ?? "");

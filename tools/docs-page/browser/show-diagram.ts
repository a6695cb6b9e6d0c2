import "./diagram.css";
import type { Point } from "@dagrejs/dagre";
import { type Layout, layoutDiagram } from "./layout-diagram.ts";
import { describeReference, referencesOf } from "./references.ts";
import { renderDiagram } from "./render-diagram.ts";
import type { EntityDescription } from "./workspace-description.ts";

const NARROW_PX = 640;
/** The smallest readable zoom. The diagram starts no smaller and is scrolled. */
const LEAST_READABLE = 0.75;
/** Around the diagram, as in diagram.css; its zoom and legend stand there. */
const MARGIN = 56;
const ZOOM_STEP = 1.25;
const [SMALLEST, LARGEST] = [0.1, 3];

/** Fills the element with the diagram, its zoom, and the same content as text for people who do not see it. */
export function showDiagram(element: HTMLElement, entities: readonly EntityDescription[]): void {
  if (entities.length === 0) {
    element.innerHTML = '<p class="empty">This workspace has no entities yet.</p>';
    return;
  }
  const { clientWidth, clientHeight } = element;
  const isNarrow = clientWidth < NARROW_PX;
  const layout = layoutDiagram({
    entities,
    direction: isNarrow ? "TB" : "LR",
    aspect: clientWidth / Math.max(1, clientHeight),
  });
  element.innerHTML = `<div class="canvas" tabindex="0" role="region" aria-label="Diagram">${renderDiagram(layout)}</div>
<div class="zoom" role="group" aria-label="Zoom"><button data-zoom="out" aria-label="Smaller">−</button><button data-zoom="fit">Fit</button><button data-zoom="in" aria-label="Larger">+</button></div>
<p class="legend"><b>PK</b> primary key <b>FK</b> reference <b>UQ</b> unique <b>?</b> may be null</p>
<ul class="in-words" aria-label="Relationships"></ul>`;
  element.querySelector(".in-words")?.append(...entities.flatMap(referencesOf).map(toItem));
  addZoom(element, layout);
}

function toItem(reference: Parameters<typeof describeReference>[0]): HTMLLIElement {
  const item = document.createElement("li");
  item.textContent = describeReference(reference);
  return item;
}

function addZoom(element: HTMLElement, { width, height, boxes, lines }: Layout): void {
  const canvas = element.querySelector(".canvas");
  const svg = element.querySelector("svg");
  if (!canvas || !svg) return;
  const fitting = () => {
    return Math.min(
      1,
      (canvas.clientWidth - 2 * MARGIN) / width,
      (canvas.clientHeight - 2 * MARGIN) / height,
    );
  };
  let scale = 1;
  const zoomTo = (wanted: number, centre: Point) => {
    scale = Math.min(LARGEST, Math.max(SMALLEST, wanted));
    svg.setAttribute("width", String(Math.floor(width * scale)));
    svg.setAttribute("height", String(Math.floor(height * scale)));
    canvas.scrollTo(
      MARGIN + centre.x * scale - canvas.clientWidth / 2,
      MARGIN + centre.y * scale - canvas.clientHeight / 2,
    );
  };
  const shownCentre = () => ({
    x: (canvas.scrollLeft + canvas.clientWidth / 2 - MARGIN) / scale,
    y: (canvas.scrollTop + canvas.clientHeight / 2 - MARGIN) / scale,
  });
  zoomTo(Math.max(fitting(), LEAST_READABLE), centreOf(boxes, lines));
  for (const button of element.querySelectorAll<HTMLButtonElement>("[data-zoom]")) {
    button.addEventListener("click", () => {
      const { zoom } = button.dataset;
      const wanted = zoom === "fit" ? fitting() : zoom === "in" ? scale * ZOOM_STEP : scale / ZOOM_STEP;
      zoomTo(wanted, shownCentre());
    });
  }
}

/** The position of the entity with the most relationships. A diagram that does not fit is scrolled to it. */
function centreOf(boxes: Layout["boxes"], lines: Layout["lines"]): Point {
  const related = (name: string) => lines.filter(({ from, to }) => from === name || to === name).length;
  const [first] = boxes.toSorted((a, b) => related(b.name) - related(a.name));
  return first ? { x: first.x + first.width / 2, y: first.y + first.height / 2 } : { x: 0, y: 0 };
}

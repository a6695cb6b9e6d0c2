import "./obey-content-policy.ts";
import "./page.css";
import { showDiagram } from "./show-diagram.ts";
import type { EntityDescription, WorkspaceDescription } from "./workspace-description.ts";

/*
 * The documentation page of a workspace. It asks for a key, fetches what the key's holder may see, or without a key what
 * anonymous clients may see, and shows it. The key stays in this page's memory, never in a URL or in storage.
 */
const [, , organization = "", workspace = ""] = location.pathname.split("/");
const apiPath = `/api/v1/${organization}/${workspace}`;

function part<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

const form = part("unlock", HTMLFormElement);
const input = part("key", HTMLInputElement);
const button = part("open", HTMLButtonElement);
const problem = part("problem", HTMLParagraphElement);
const views = part("views", HTMLDivElement);
const reference = part("reference", HTMLDivElement);
const diagram = part("diagram", HTMLDivElement);
const tabs = [part("show-reference", HTMLButtonElement), part("show-diagram", HTMLButtonElement)];
/* Fetched while the user types the key. */
const scalar = import("./reference.ts");
let entities: readonly EntityDescription[] = [];

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  button.disabled = true;
  button.textContent = "Opening…";
  try {
    await open(input.value.trim());
  } catch (failure) {
    problem.textContent = failure instanceof Error ? failure.message : String(failure);
    input.select();
  } finally {
    button.disabled = false;
    button.textContent = "Open";
  }
});

/* Only a new page surely forgets a key that other code has received. */
part("lock", HTMLButtonElement).addEventListener("click", () => location.replace(location.pathname));

for (const [i, tab] of tabs.entries()) {
  tab.addEventListener("click", () => show(tab));
  tab.addEventListener("keydown", ({ key }) => {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const next = tabs[1 - i] ?? tab;
    show(next);
    next.focus();
  });
}

async function open(key: string): Promise<void> {
  if (!/^[!-~]*$/.test(key)) throw new Error("This is not an API key: it begins with sk_live_.");
  const [content, { data }, { showReference }] = await Promise.all([
    read<object>("/openapi.json", key),
    read<{ data: WorkspaceDescription }>("", key),
    scalar,
  ]);
  form.hidden = true;
  input.value = "";
  entities = data.entities;
  views.hidden = false;
  /* Before Scalar, which may take seconds: meanwhile, pressed keys go to the tabs. */
  tabs[0]?.focus();
  reference.textContent = "Opening…";
  await nextPaint();
  showReference(reference, { document: content, key });
}

/** Scalar is slow with a large document, so the page is painted first. */
const nextPaint = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

/** Throws with the API's message if the request is refused. */
async function read<T>(path: string, key: string): Promise<T> {
  const headers = key === "" ? undefined : { Authorization: `Bearer ${key}` };
  const response = await fetch(apiPath + path, headers && { headers }).catch(() => {
    throw new Error("The server cannot be reached.");
  });
  const body = await response.json();
  if (!response.ok) throw new Error(`${body.error.message}.`);
  return body;
}

function show(chosen: HTMLButtonElement): void {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
  }
  reference.hidden = chosen !== tabs[0];
  diagram.hidden = chosen !== tabs[1];
  if (!diagram.hidden && diagram.childElementCount === 0) showDiagram(diagram, entities);
}

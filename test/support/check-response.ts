import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { Parts } from "./find-operation.ts";
import { sketchCatalog } from "./sketch-catalog.ts";
import { contradictionsOf, type Exchange } from "./validate-response.ts";
import { wholeDocumentOf } from "./whole-document.ts";

export const ADMIN_TOKEN = "test-admin-token-of-32-characters";

/** How many requests were sent that may change a schema, and how many of them have not responded yet. */
let changes = 0;
let runningChanges = 0;
let adminDocument: Promise<Parts> | undefined;
const workspaceDocuments = new Map<string, { readonly changes: number; readonly document: Parts }>();

/** Errors do not depend on the entity, which need not exist. */
const errorDocument: Parts = JSON.parse(
  JSON.stringify(
    wholeDocumentOf(sketchCatalog([{ name: "Any", columns: [{ name: "key", type: "TEXT", unique: true }] }])),
  ),
);

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  /** How many changes were sent before it. Undefined if one of them was still running. */
  readonly changes: number | undefined;
}

/** Call it before a request is sent, and pass its result to checkResponse. */
export function noteRequest(method: string, path: string, token: string | undefined): Sent {
  if (isSchemaWrite(method, path)) {
    changes++;
    runningChanges++;
  }
  return { method, path, token, changes: runningChanges === 0 ? changes : undefined };
}

const isSchemaWrite = (method: string, path: string) => path.startsWith("/admin/") && method !== "GET";

/**
 * Fails the test if a response contradicts the API's own document. Records are not compared if a schema change ran
 * between the request and the document, because nobody knows which schema they belong to.
 */
export async function checkResponse(sent: Sent, answer: Omit<Exchange, "method" | "path">): Promise<void> {
  if (isSchemaWrite(sent.method, sent.path)) runningChanges--;
  const [, area, version, organization, workspace, entity] = new URL(
    `https://edge.test${sent.path}`,
  ).pathname.split("/");
  const exchange = { ...answer, method: sent.method, path: sent.path };
  if (area === "admin" || area === "healthz" || area === "readyz") {
    adminDocument ??= fetchDocument("/admin/v1/openapi.json", ADMIN_TOKEN);
    return expectNone(contradictionsOf(await adminDocument, exchange), exchange);
  }
  if (area !== "api" || version !== "v1") return;
  const server = `/api/v1/${organization}/${workspace}`;
  if (answer.status >= 400) {
    const isKnown = entity === undefined || errorDocument.paths[`/${entity}`];
    const any = sent.path.replace(`${server}/${entity}`, `${server}/Any`).replace(/(\/by\/)[^/]+/, "$1key");
    const path = isKnown ? sent.path : any;
    return expectNone(contradictionsOf(errorsAt(server), { ...exchange, path }), exchange);
  }
  if (changes !== sent.changes) return;
  const document = await workspaceDocumentAt(server, sent);
  if (document && changes === sent.changes) expectNone(contradictionsOf(document, exchange), exchange);
}

const errorsAt = (server: string): Parts => ({ ...errorDocument, servers: [{ url: server }] });

/** Each key has its own document. Undefined if the key has ended meanwhile. */
async function workspaceDocumentAt(server: string, sent: Sent): Promise<Parts | undefined> {
  const place = `${server} ${sent.token}`;
  const known = workspaceDocuments.get(place);
  if (known && known.changes === sent.changes) return known.document;
  const document = await fetchDocument(`${server}/openapi.json`, sent.token).catch(() => undefined);
  if (document && changes === sent.changes) workspaceDocuments.set(place, { changes, document });
  return document;
}

async function fetchDocument(path: string, token: string | undefined): Promise<Parts> {
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const response = await exports.default.fetch(`https://edge.test${path}`, { headers });
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

function expectNone(contradictions: readonly string[], { method, path, status, text }: Exchange): void {
  expect(contradictions, `${method} ${path} → ${status} ${text.slice(0, 1000)}`).toEqual([]);
}

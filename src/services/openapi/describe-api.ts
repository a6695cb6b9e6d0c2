import { sha256Hex } from "../../lib/hashing.ts";
import { LruMap } from "../../lib/lru-map.ts";
import type { JsonObject } from "../../model/json.ts";
import { buildWorkspaceDocument } from "../../openapi/workspace-document.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { queryFacts } from "./query-facts.ts";

export interface ApiDescription {
  /** The OpenAPI document as JSON, in UTF-8. */
  readonly content: ArrayBuffer;
  /** Of the content, so that a new release of the product is a new document too. */
  readonly tag: string;
}

/** By workspace and schema version. That of the largest schema has 10 MB, so an isolate keeps few. */
const DOCUMENTS_PER_ISOLATE = 4;
const TAG_LENGTH = 16;
const documents = new LruMap<string, ApiDescription>(DOCUMENTS_PER_ISOLATE);

/** The addressed workspace's own OpenAPI document, for the holder of any valid key. */
export async function describeApi(ctx: WorkspaceContext): Promise<ApiDescription> {
  const catalog = await runFenced(ctx, {
    need: "READ",
    plan: (view) => ({ statements: [], shape: () => view.catalog }),
  });
  const key = `${catalog.workspaceId}/${catalog.schemaVersion}`;
  const known = documents.get(key);
  if (known) return known;
  const made = await makeDescription(buildWorkspaceDocument(catalog, queryFacts));
  documents.set(key, made);
  return made;
}

async function makeDescription(document: JsonObject): Promise<ApiDescription> {
  const content = await new Response(JSON.stringify(document)).arrayBuffer();
  return { content, tag: (await sha256Hex(content)).slice(0, TAG_LENGTH) };
}

import { runFenced } from "../../fence/run-fenced.ts";
import { sha256Hex } from "../../lib/hashing.ts";
import { LruMap } from "../../lib/lru-map.ts";
import { type Access, OPERATIONS } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { JsonObject } from "../../model/json.ts";
import { type Narrowing, type VisibleEntity, visibleEntitiesOf } from "../../openapi/visible-schema.ts";
import { buildWorkspaceDocument } from "../../openapi/workspace-document.ts";
import { rejectUnknownParameters } from "../../query/parse/parameters.ts";
import { type Visible, visibleTo } from "../../query/rules/visible.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RequestQuery } from "../request-query.ts";

export interface ApiDescription {
  /** The OpenAPI document as JSON, in UTF-8. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** A hash of the content, so that a new release has a new tag too. */
  readonly tag: string;
  /** Whether this request found the document in the isolate's cache. */
  readonly isCached: boolean;
}

/** By workspace, schema version and access. The document of the largest schema has 10 MB, so an isolate keeps few. */
const DOCUMENTS_PER_ISOLATE = 4;
const TAG_LENGTH = 16;
const documents = new LruMap<string, KeptDocument>(DOCUMENTS_PER_ISOLATE);
const encoder = new TextEncoder();

interface KeptDocument extends Pick<ApiDescription, "content"> {
  tag?: string;
}

/** Returns the workspace's OpenAPI document, as far as the key reaches. */
export async function describeApi(ctx: WorkspaceContext, { query }: RequestQuery): Promise<ApiDescription> {
  const { catalog, access, asOf } = await runFenced(ctx, {
    need: "READ",
    plan(view) {
      rejectUnknownParameters(query(), []);
      return { kind: "READ", statements: [], shape: () => view };
    },
  });
  const visible = visibleTo(catalog, access, asOf);
  const narrowing = visible.hasRules ? narrowingOf(catalog, visible) : undefined;
  const shape = narrowing ? shapeOf(visibleEntitiesOf(visible.catalog, access, narrowing)) : "";
  const rules = `${access.who}/${access.mayMintTokens}/${shape}`;
  const key = `${catalog.workspaceId}/${catalog.schemaVersion}/${reachOf(catalog, access)}/${rules}`;
  const known = documents.get(key);
  const document = known ?? keep(key, buildWorkspaceDocument(visible.catalog, access, narrowing));
  document.tag ??= (await sha256Hex(document.content)).slice(0, TAG_LENGTH);
  return { content: document.content, tag: document.tag, isCached: known !== undefined };
}

/** Nothing is awaited between the lookup and this, so concurrent requests build a document only once. */
function keep(key: string, document: JsonObject): KeptDocument {
  const kept = { content: new Uint8Array(encoder.encode(JSON.stringify(document))) };
  documents.set(key, kept);
  return kept;
}

/**
 * The part of the schema that rules leave, as text. Callers whose rules differ only in their filters share one
 * document.
 */
const shapeOf = (entities: readonly VisibleEntity[]): string =>
  JSON.stringify(
    entities.map(({ name, operations, columns, readOnly, relationships }) => {
      const fields = columns.map((column) => [column.name, readOnly.has(column)]);
      return [name, operations, fields, [...relationships.keys()]];
    }),
  );

function narrowingOf(stored: Catalog, { isWhole, fieldsOf }: Visible): Narrowing {
  return {
    stored,
    isWhole,
    isReadOnly: (name, column) =>
      (["create", "update"] as const).every((operation) => {
        const { isWritable, presets } = fieldsOf(operation, name);
        return !isWritable(column) || presets?.has(column);
      }),
  };
}

/** The rights to each entity in order, one digit each; empty for a key without scopes. */
function reachOf({ entities }: Catalog, access: Access): string {
  if (access.isWhole) return "";
  const digits = [...entities.values()].map((entity) =>
    OPERATIONS.reduce(
      (bits, operation) => bits * 2 + Number(access.isAllowed(operation, entity)),
      0,
    ).toString(16),
  );
  return digits.join("");
}

import type { Catalog } from "../../model/catalog.ts";
import { buildWorkspaceDocument } from "../../openapi/workspace-document.ts";
import type { WorkspaceContext } from "../context.ts";
import { runFenced } from "../fence/run-fenced.ts";
import { queryFacts } from "./query-facts.ts";

export interface ApiDescription {
  /** The OpenAPI document as JSON text. */
  readonly text: string;
  /** Of the schema that the document describes. */
  readonly version: number;
}

/** Made when first asked for; a catalog is replaced whenever anything in it changes. */
const texts = new WeakMap<Catalog, string>();

/** The addressed workspace's own OpenAPI document, for the holder of any valid key. */
export async function describeApi(ctx: WorkspaceContext): Promise<ApiDescription> {
  return runFenced(ctx, {
    need: "READ",
    plan: ({ catalog }) => ({
      statements: [],
      shape: () => ({ text: textOf(catalog), version: catalog.schemaVersion }),
    }),
  });
}

function textOf(catalog: Catalog): string {
  const known = texts.get(catalog);
  if (known !== undefined) return known;
  const text = JSON.stringify(buildWorkspaceDocument(catalog, queryFacts));
  texts.set(catalog, text);
  return text;
}

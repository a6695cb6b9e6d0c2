import type { JsonObject } from "../../../src/model/json.ts";
import { fetchData } from "../api/api-data.ts";
import { ApiError } from "../api/api-error.ts";
import type { Addressed } from "../command-context.ts";
import { type Difference, differencesOf } from "./differences.ts";

/** As the Admin API lists it. */
export interface Change {
  readonly kind: string;
  readonly entity: string;
  readonly column?: string;
  readonly from?: string;
  readonly constraint?: string;
  readonly properties?: readonly string[];
  readonly risk: "SAFE" | "LOSSY" | "BLOCKED";
  readonly reason?: string;
}

/** A change with what it changes from what to what. */
export type DescribedChange = Change & { readonly differences: readonly Difference[] };

export interface SchemaPlan {
  readonly version: number;
  readonly changes: readonly DescribedChange[];
}

/** A schema document, read from a file or from a deployment; defaults may be left out of it. */
export interface SchemaDocument {
  readonly entities: readonly JsonObject[];
}

export interface PutOptions {
  readonly document: SchemaDocument;
  /** Such as `?dryRun=true`. */
  readonly query: string;
  /** The schema version that the document was made from, if it must be the present one. */
  readonly version: number | undefined;
}

export const fetchSchema = ({ client, path }: Addressed) =>
  fetchData<SchemaDocument & { readonly deployment: string; readonly version: number }>(client, {
    method: "GET",
    path: `${path}/schema`,
  });

/**
 * Sends a document. One that changes nothing is accepted at any version of the schema. Throws as ApiClient.send.
 */
export async function putSchema(api: Addressed, options: PutOptions): Promise<SchemaPlan> {
  const before = await fetchSchema(api);
  const plan = await sendDocument(api, options);
  const changes = plan.changes.map((change) => {
    const context = { before, after: options.document, changes: plan.changes };
    return { ...change, differences: differencesOf(change, context) };
  });
  return { version: plan.version, changes };
}

interface PlainPlan {
  readonly version: number;
  readonly changes: readonly Change[];
}

async function sendDocument(api: Addressed, { document, query, version }: PutOptions): Promise<PlainPlan> {
  const { client, path } = api;
  const send = (query: string, ifMatch?: string) => {
    const body = JSON.stringify(document);
    const request = { method: "PUT", path: `${path}/schema${query}`, body };
    return fetchData<PlainPlan>(client, { ...request, ...(ifMatch !== undefined && { ifMatch }) });
  };
  if (version === undefined) return send(query);
  try {
    return await send(query, `"${version}"`);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 412) throw error;
    const plan = await send("?dryRun=true");
    if (plan.changes.length > 0) throw error;
    return plan;
  }
}

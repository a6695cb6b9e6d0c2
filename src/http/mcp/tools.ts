import { badRequest, entityNotFound } from "../../errors/api-errors.ts";
import { stringifyFinite } from "../../lib/stringify-finite.ts";
import { OPERATIONS, type Operation } from "../../model/access.ts";
import type { TaggedRecord } from "../../query/sql/record/shape-record.ts";
import type { WorkspaceContext } from "../../services/context.ts";
import { openMcp } from "../../services/mcp/open-mcp.ts";
import { parseShape } from "../../services/parse-input.ts";
import { aggregateRecords } from "../../services/records/aggregate-records.ts";
import { createRecord } from "../../services/records/create-record.ts";
import { deleteRecord } from "../../services/records/delete-record.ts";
import { getRecord } from "../../services/records/get-record.ts";
import { listRecords } from "../../services/records/list-records.ts";
import { updateRecord } from "../../services/records/update-record.ts";
import { describeWorkspace } from "../../services/workspaces/describe-workspace.ts";
import { etagOf } from "../response/etag.ts";
import { readArguments } from "./read-arguments.ts";
import { type ToolArguments, type ToolName, toolSchemas } from "./tool-schemas.ts";

export interface Tool {
  readonly description: string;
  readonly operation: Operation;
  /** A caller who may use none of these operations does not see the tool. */
  readonly usefulFor: readonly Operation[];
  /** Runs the tool: arguments as sent → result. Throws what the API's own operation throws. */
  run(ctx: WorkspaceContext, sent: unknown): Promise<unknown>;
}

/** The operations of the API as tools for a model, by the same code. */
export const tools: Readonly<Record<ToolName, Tool>> = {
  describe: tool("describe", "read", {
    description: "What there is: entities with their columns, types, rules and relationships. Call it first.",
    usefulFor: OPERATIONS,
    run: describe,
  }),
  list: tool("list", "read", {
    description: "Records of an entity: filtered, sorted, in pages, with related records.",
    run: (ctx, { entity, ...asked }) => listRecords(ctx, { entity, query: queryOf(asked) }),
  }),
  get: tool("get", "read", {
    description: "One record by its id or a unique field.",
    run: async (ctx, { entity, id, by, ...asked }) =>
      tagged(await getRecord(ctx, { entity, id: String(id), by, query: queryOf(asked) })),
  }),
  create: tool("create", "create", {
    description: "Creates a record.",
    run: async (ctx, { entity, record }) =>
      tagged(await createRecord(ctx, { entity, query: queryOf({}), body: () => record })),
  }),
  update: tool("update", "update", {
    description: "Changes the fields of a record that are sent.",
    async run(ctx, { entity, id, by, record, ifMatch }) {
      const address = { entity, id: String(id), by, query: queryOf({}) };
      return tagged(await updateRecord(ctx, { ...address, body: () => record, ifMatch }));
    },
  }),
  delete: tool("delete", "delete", {
    description: "Deletes a record, and the records that cascade from it.",
    async run(ctx, { entity, id, by, ifMatch }) {
      await deleteRecord(ctx, { entity, id: String(id), by, query: queryOf({}), ifMatch });
      return { deleted: id };
    },
  }),
  aggregate: tool("aggregate", "read", {
    description: "Counts, sums, averages, minima and maxima, in all or by groups.",
    run: (ctx, { entity, ...asked }) => aggregateRecords(ctx, { entity, query: queryOf(asked) }),
  }),
};

interface TypedTool<N extends ToolName> {
  readonly description: string;
  readonly usefulFor?: readonly Operation[];
  run(ctx: WorkspaceContext, args: ToolArguments<N>): Promise<unknown>;
}

function tool<N extends ToolName>(name: N, operation: Operation, typed: TypedTool<N>): Tool {
  const { description, usefulFor = [operation], run } = typed;
  return {
    description,
    operation,
    usefulFor,
    async run(ctx, sent) {
      const parse = () => parseShape(toolSchemas[name], readArguments(name, sent ?? {})) as ToolArguments<N>;
      return run(ctx, await parsedOf(ctx, parse));
    },
  };
}

/** A caller who may not enter learns nothing about errors in the arguments either. */
async function parsedOf<T>(ctx: WorkspaceContext, parse: () => T): Promise<T> {
  try {
    return parse();
  } catch (error) {
    await openMcp(ctx, () => {
      throw error;
    });
    throw error;
  }
}

async function describe(ctx: WorkspaceContext, { entity }: ToolArguments<"describe">): Promise<unknown> {
  const { entities, ...workspace } = await describeWorkspace(ctx, { query: queryOf({}) });
  if (entity === undefined) {
    const overview = entities.map(({ name, description, columns, relationships }) => ({
      name,
      description,
      columns: columns.length,
      relationships: relationships.map((related) => `${related.name} → ${related.entity}`),
    }));
    return { ...workspace, entities: overview };
  }
  const found = entities.find(({ name }) => name === entity);
  if (!found) {
    const known = entities.map(({ name }) => name);
    throw entityNotFound(entity, known);
  }
  return found;
}

type Asked = Readonly<Record<string, unknown>>;

/** Converts arguments to the equivalent query parameters. */
function queryOf(asked: Asked): () => URLSearchParams {
  return () => {
    const pairs = Object.entries(asked).flatMap(([name, value]) => pairsOf(name, value));
    return new URLSearchParams(pairs);
  };
}

const REPEATED = ["sort", "measure"];

function pairsOf(name: string, value: unknown): string[][] {
  if (value === undefined) return [];
  if (Array.isArray(value))
    return REPEATED.includes(name) ? value.map((each) => [name, String(each)]) : [[name, value.join(",")]];
  return [[name, typeof value === "object" ? jsonOf(name, value) : String(value)]];
}

/** Throws BAD_REQUEST for an infinite number, which would become null and change the question. */
function jsonOf(name: string, value: unknown): string {
  const text = stringifyFinite(value);
  if (text === undefined) throw badRequest(`Parameter '${name}' has a number that is too large`);
  return text;
}

const tagged = (found: TaggedRecord) => ({ data: found.record, etag: etagOf(found) });

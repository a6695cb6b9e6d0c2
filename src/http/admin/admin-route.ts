import type * as z from "zod/v4";
import { badRequest } from "../../errors/api-errors.ts";
import type { AdminRole } from "../../model/admin-role.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Dto } from "../../services/dto.ts";
import type { Page, PageRequest } from "../../services/page.ts";
import type { AppContext } from "../context.ts";
import { type Body, readJsonObject, readOptionalJsonObject } from "../request/read-body.ts";
import { onlyParameters, pageOf } from "../request/read-query.ts";
import { etagOf, hasCurrentCopy } from "../response/etag.ts";
import { respond, respondJson } from "../response/respond.ts";
import type { Handler, Method } from "../route.ts";

/*
 * An entry for each admin route. Its handler, its OpenAPI operation, its required role and its response types follow
 * from the entry.
 */

export type AdminTag =
  | "Organizations"
  | "Workspaces"
  | "API keys"
  | "Users"
  | "Entities"
  | "Schema"
  | "Webhooks"
  | "Audit"
  | "Administrators";

export type AdminRoute = {
  /** The path below `/admin/v1`. */
  readonly path: string;
  readonly tag: AdminTag;
} & { readonly [M in Method]?: AdminOperation };

interface Description {
  /** The `operationId`. */
  readonly id: string;
  readonly summary: string;
  /** The lowest role that may use it. */
  readonly role: AdminRole;
  /** A lower role that may change these fields, if the body has no others. */
  readonly roleOfFields?: { readonly role: AdminRole; readonly fields: readonly string[] };
  /** Whether the role must apply to all organizations. */
  readonly isGlobal?: true;
  /** The schema that parses the body. */
  readonly body?: z.ZodType;
  /** Whether the body is optional. */
  readonly isBodyOptional?: true;
  /** Query parameters, described in `parameters.ts`. All others are refused. */
  readonly query?: readonly string[];
  /** Whether `If-Match` is checked. */
  readonly isConditional?: true;
}

/** One method of a route. */
export interface AdminOperation extends Description {
  readonly status: 200 | 201 | 202 | 204;
  /** The schema of `data` in the response. */
  readonly answer?: z.ZodType;
  /** Whether `data` is a page of these objects. */
  readonly isPage?: true;
  /** Whether the response has an `ETag`. */
  readonly isTagged?: boolean;
  readonly respond: Handler;
}

export interface Asked {
  readonly query: URLSearchParams;
  /** The body's object; throws its error when called. `{}` if the operation takes no body. */
  readonly body: Body<JsonObject>;
}

type Work<T> = (c: AppContext, asked: Asked) => Promise<T>;

interface Answering<S extends z.ZodType> extends Description {
  readonly answer: S;
  readonly handle: Work<Dto<S>>;
}

interface Tagged<S extends z.ZodType> extends Answering<S> {
  /** The `ETag` of the response. */
  readonly tagOf?: (data: Dto<S>) => string;
}

/** 200 with one object. */
export const one = <S extends z.ZodType>({ handle, tagOf, ...described }: Tagged<S>): AdminOperation => ({
  ...described,
  status: 200,
  isTagged: tagOf !== undefined,
  async respond(c) {
    const data = await handle(c, await read(c, described));
    if (!tagOf) return respondJson(c, { data });
    const found = { tag: tagOf(data) };
    const headers = { ETag: etagOf(found) };
    const isCurrent = isRead(c) && hasCurrentCopy(c, found);
    return isCurrent ? respond(c, null, { status: 304, headers }) : respondJson(c, { data }, { headers });
  },
});

/** 201 with the created object. */
export const created = <S extends z.ZodType>(operation: Answering<S>): AdminOperation =>
  withStatus(201, operation);

/** 202 with the started job. */
export const accepted = <S extends z.ZodType>(operation: Answering<S>): AdminOperation =>
  withStatus(202, operation);

const withStatus = <S extends z.ZodType>(
  status: 201 | 202,
  { handle, ...described }: Answering<S>,
): AdminOperation => ({
  ...described,
  status,
  respond: async (c) => respondJson(c, { data: await handle(c, await read(c, described)) }, { status }),
});

/** 204 without a body. */
export const none = ({ handle, ...described }: Description & { handle: Work<void> }): AdminOperation => ({
  ...described,
  status: 204,
  async respond(c) {
    await handle(c, await read(c, described));
    return respond(c, null, { status: 204 });
  },
});

interface Paging<S extends z.ZodType> extends Description {
  /** One item of the page. */
  readonly answer: S;
  readonly handle: (c: AppContext, request: PageRequest, query: URLSearchParams) => Promise<Page<Dto<S>>>;
}

/** 200 with a page, selected by `page` and `size`. */
export function page<S extends z.ZodType>({ handle, ...operation }: Paging<S>): AdminOperation {
  const described = { ...operation, query: ["page", "size", ...(operation.query ?? [])] };
  return {
    ...described,
    status: 200,
    isPage: true,
    async respond(c) {
      const { query } = await read(c, described);
      return respondJson(c, await handle(c, pageOf(query), query));
    },
  };
}

/** The input of an operation. Throws BAD_REQUEST for parameters and headers that it does not take. */
async function read(
  c: AppContext,
  { query = [], body, isBodyOptional, isConditional }: Description,
): Promise<Asked> {
  if (!isRead(c)) refuseHeaders(c, isConditional ? ["If-None-Match"] : ["If-Match", "If-None-Match"]);
  const parameters = onlyParameters(c, query);
  if (!body) return { query: parameters, body: () => ({}) };
  return { query: parameters, body: await (isBodyOptional ? readOptionalJsonObject(c) : readJsonObject(c)) };
}

const isRead = (c: AppContext): boolean => ["GET", "HEAD"].includes(c.req.raw.method);

/** Throws BAD_REQUEST for headers that would otherwise be ignored, although a client relies on them. */
function refuseHeaders(c: AppContext, conditions: readonly string[]): void {
  const isSent = (name: string) => c.req.header(name) !== undefined;
  if (isSent("Idempotency-Key")) throw badRequest("Idempotency-Key is not supported by the admin API");
  const condition = conditions.find(isSent);
  if (condition) throw badRequest(`${condition} is not supported by this operation`);
}

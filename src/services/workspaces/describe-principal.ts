import { runFenced } from "../../fence/run-fenced.ts";
import { OPERATIONS, type Operation } from "../../model/access.ts";
import { type Actor, permissionOf } from "../../model/actor.ts";
import type { Permission } from "../../model/api-key.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import { rejectUnknownParameters } from "../../query/parse/parameters.ts";
import { type Visible, visibleTo } from "../../query/rules/visible.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RequestQuery } from "../request-query.ts";

export interface PrincipalDescription {
  readonly kind: Actor["kind"];
  readonly subject: string | null;
  readonly claims: JsonObject | null;
  readonly role: string | null;
  readonly permission: Permission;
  readonly entities: readonly {
    readonly name: string;
    readonly operations: readonly Operation[];
    readonly fields: readonly string[];
    readonly writableFields: readonly string[];
  }[];
  /** When the credential expires. */
  readonly expiresAt: string | null;
}

/** Describes the caller and their rights. */
export async function describePrincipal(
  ctx: WorkspaceContext,
  { query }: RequestQuery,
): Promise<PrincipalDescription> {
  return runFenced(ctx, {
    need: "READ",
    plan({ catalog, actor, access, asOf }) {
      rejectUnknownParameters(query(), []);
      const visible = visibleTo(catalog, access, asOf);
      const permission = permissionOf(actor);
      const entities = [...visible.catalog.entities.values()].flatMap((entity) => {
        const operations = OPERATIONS.filter(
          (operation) =>
            access.isAllowed(operation, entity) && (operation === "read" || permission === "READ_WRITE"),
        );
        return operations.length > 0 ? [describeEntity(entity, operations, visible)] : [];
      });
      return {
        kind: "READ",
        statements: [],
        shape: () => ({ ...identityOf(actor), permission, entities }),
      };
    },
  });
}

function identityOf(actor: Actor) {
  const { kind } = actor;
  const nobody = { kind, subject: null, claims: null, role: null, expiresAt: null };
  switch (actor.kind) {
    case "ADMIN":
      return nobody;
    case "KEY":
      return { ...nobody, expiresAt: actor.key.expiresAt };
    case "ANONYMOUS":
      return { ...nobody, role: actor.role?.name ?? null };
    case "TOKEN":
    case "USER": {
      const { subject, claims, expiresAt } = actor.kind === "TOKEN" ? actor.token : actor.user;
      const role = actor.kind === "USER" ? (actor.role?.name ?? null) : null;
      return { kind, subject, claims, role, expiresAt: expiresAt.toISOString() };
    }
  }
}

function describeEntity({ name, columns }: Entity, operations: readonly Operation[], visible: Visible) {
  const writes = (["create", "update"] as const).filter((operation) => operations.includes(operation));
  const isWritable = (column: (typeof columns)[number]) =>
    !column.autoSet &&
    writes.some((operation) => {
      const fields = visible.fieldsOf(operation, name);
      return fields.isWritable(column) && !fields.presets?.has(column);
    });
  const fields = columns.map((column) => column.name);
  const writableFields = columns
    .filter((column) => column.name !== "id" && isWritable(column))
    .map((column) => column.name);
  return { name, operations, fields, writableFields };
}

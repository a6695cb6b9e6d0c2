import { and, eq } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { issuers } from "../../db/tables/users.ts";
import { notFound, uniqueViolation, validationFailed } from "../../errors/api-errors.ts";
import { type Issuer, TOKEN_ALGORITHMS } from "../../model/issuer.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { type DestinationPolicy, destinationProblem } from "../../webhooks/destination-policy.ts";
import type { WorkspaceContext } from "../context.ts";
import { nameSchema, requireDestination, timeSchema } from "../field-schemas.ts";

export const MAX_ISSUERS = 20;
const MAX_TEXT_LENGTH = 500;

export const issuerSchema = z.strictObject({
  name: z.string(),
  issuer: z.string(),
  audience: z.string(),
  /** Null for the address that the issuer's OpenID configuration names. */
  jwksUrl: z.string().nullable(),
  algorithms: z.array(z.enum(TOKEN_ALGORITHMS)),
  /** The claim that names a user's role. */
  roleClaim: z.string().nullable(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
});

/** Issuers and audiences are compared as they are. A space separates the parts of a principal's name, so they contain none. */
const exactSchema = z
  .string()
  .min(1)
  .max(MAX_TEXT_LENGTH)
  .regex(/^[!-~]+$/, "must be printable ASCII without spaces");

const algorithmsSchema = z
  .array(z.enum(TOKEN_ALGORITHMS))
  .min(1)
  .transform((sent) => TOKEN_ALGORITHMS.filter((algorithm) => sent.includes(algorithm)));

const roleClaimSchema = z.string().min(1).max(MAX_TEXT_LENGTH).nullable();

/** DESTINATION_SHAPE in printable ASCII. */
const PRINTABLE_DESTINATION = '^[Hh][Tt][Tt][Pp][Ss]?://[!"$-.0->A-\\[\\]-~]+([/?#][!-~]*)?$';

const jwksUrlSchema = (policy: DestinationPolicy) =>
  exactSchema.superRefine(requireDestination(policy)).meta({ pattern: PRINTABLE_DESTINATION }).nullable();

export const createIssuerSchema = (policy: DestinationPolicy) =>
  z.strictObject({
    name: nameSchema,
    issuer: exactSchema,
    audience: exactSchema,
    jwksUrl: jwksUrlSchema(policy).default(null),
    algorithms: algorithmsSchema.default([...TOKEN_ALGORITHMS]),
    roleClaim: roleClaimSchema.default(null),
  });

export const updateIssuerSchema = (policy: DestinationPolicy) =>
  z.strictObject({
    issuer: exactSchema.optional(),
    audience: exactSchema.optional(),
    jwksUrl: jwksUrlSchema(policy).optional(),
    algorithms: algorithmsSchema.optional(),
    roleClaim: roleClaimSchema.optional(),
  });

/** The issuer of a name. Throws NOT_FOUND. */
export function issuerIn({ issuers: known }: WorkspaceView, name: string): Issuer {
  const issuer = known.find((each) => each.name === name);
  if (!issuer) throw notFound("Issuer", name);
  return issuer;
}

/**
 * Checks an issuer against the others of its workspace. Without `jwksUrl`, the issuer itself must be a URL that may be
 * requested. Throws UNIQUE_CONSTRAINT_VIOLATION, VALIDATION_ERROR.
 */
export function requireUsable(issuer: Issuer, others: readonly Issuer[], policy: DestinationPolicy): void {
  for (const field of ["name", "issuer"] as const) {
    if (others.some((other) => other[field] === issuer[field]))
      throw uniqueViolation([{ field, value: issuer[field] }]);
  }
  const problem = issuer.jwksUrl === null ? destinationProblem(issuer.issuer, policy) : undefined;
  if (problem !== undefined)
    throw validationFailed([{ field: "issuer", message: `${problem}, or needs a jwksUrl beside it` }]);
}

/** The audit of a change of one issuer. */
export function auditIssuer(ctx: WorkspaceContext, action: string, { workspace, name }: IssuerPlace) {
  return auditChange(
    ctx,
    { action, subject: name, workspaceId: workspace.id },
    {
      table: issuers,
      columns: columnsWithout(issuers, ["workspaceId"]),
      where: isIssuer({ workspace, name }),
    },
  );
}

export interface IssuerPlace extends Pick<WorkspaceView, "workspace"> {
  readonly name: string;
}

export const isIssuer = ({ workspace, name }: IssuerPlace) =>
  and(eq(issuers.workspaceId, workspace.id), eq(issuers.name, name));

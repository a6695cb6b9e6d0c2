import * as z from "zod/v4";
import { isAddressRange } from "./model/addresses/address-range.ts";
import { DEFAULT_KEPT_MIB, keptBytesOf, MAX_KEPT_MIB } from "./model/kept-bytes.ts";

const MIN_SECRET_LENGTH = 32;

const optional = z
  .string()
  .optional()
  .transform((text) => text || undefined);

const secret = optional.refine(
  (text) => text === undefined || text.length >= MIN_SECRET_LENGTH,
  `must be at least ${MIN_SECRET_LENGTH} characters`,
);

const flag = (isUnset: boolean) =>
  z
    .enum(["true", "false", ""], { error: "must be true or false" })
    .optional()
    .transform((text) => (text ? text === "true" : isUnset));

/** So few that 50 isolates leave connections free on a server that allows 128. */
const DEFAULT_STREAMS = 2;
const MAX_STREAMS = 1000;

const streams = z
  .string()
  .optional()
  .refine(
    (text) => !text || (/^\d{1,4}$/.test(text) && Number(text) <= MAX_STREAMS),
    `must be 0 to ${MAX_STREAMS}`,
  )
  .transform((text) => (text ? Number(text) : DEFAULT_STREAMS));

const keptMib = z
  .string()
  .optional()
  .refine(
    (text) => !text || (/^\d{1,7}$/.test(text) && Number(text) <= MAX_KEPT_MIB),
    `must be 0 to ${MAX_KEPT_MIB}`,
  )
  .transform((text) => keptBytesOf(text ? Number(text) : DEFAULT_KEPT_MIB));

const variablesSchema = z.object({
  LIBSQL_URL: z.string().regex(/^(?:https?|libsql):\/\/./, "must be http://…, https://… or libsql://…"),
  LIBSQL_AUTH_TOKEN: optional,
  LIBSQL_STREAMS: streams,
  MAX_OUTBOX_MIB: keptMib,
  MAX_IDEMPOTENCY_MIB: keptMib,
  ADMIN_TOKEN: secret,
  ADMIN_ISSUER: optional.refine(
    (text) => text === undefined || /^https?:\/\/./.test(text),
    "must be https://…, exactly as the issuer's tokens have it",
  ),
  ADMIN_AUDIENCE: optional,
  CLIENT_ADDRESS_HEADER: optional,
  TRUSTED_PROXIES: z
    .string()
    .optional()
    .transform((text) =>
      (text ?? "")
        .split(",")
        .map((range) => range.trim())
        .filter((range) => range !== ""),
    )
    .refine(
      (ranges) => ranges.every(isAddressRange),
      "must be IP addresses or CIDR ranges, separated by commas",
    ),
  WEBHOOK_SECRET_KEY: secret,
  TOKEN_SECRET_KEY: secret,
  LOG_REQUESTS: flag(true),
  ALLOW_HTTP_WEBHOOKS: flag(false),
  ALLOW_PRIVATE_WEBHOOKS: flag(false),
});

/** Variables of a runtime that provides its own database. */
const localSchema = variablesSchema.extend({ LIBSQL_URL: z.literal("").default("") });

/** Without an audience, tokens for other applications would be accepted. */
function rejectHalf({ ADMIN_ISSUER, ADMIN_AUDIENCE }: Variables, context: z.RefinementCtx): void {
  const missing = (path: string, other: string) =>
    context.addIssue({ code: "custom", path: [path], message: `needs ${other} beside it` });
  if (ADMIN_ISSUER && !ADMIN_AUDIENCE) missing("ADMIN_ISSUER", "ADMIN_AUDIENCE");
  if (ADMIN_AUDIENCE && !ADMIN_ISSUER) missing("ADMIN_AUDIENCE", "ADMIN_ISSUER");
}

type Variables = z.infer<typeof variablesSchema>;

/** The text variables of a deployment. Throws a sentence for each invalid one, without its value. */
export function parseVariables(variables: object): Variables {
  const isLocal = "DATABASE" in variables;
  const { data, error } = (isLocal ? localSchema : variablesSchema)
    .superRefine(rejectHalf)
    .safeParse(variables);
  if (data) return data;
  throw new Error(error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; "));
}

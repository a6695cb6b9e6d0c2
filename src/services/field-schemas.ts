import * as z from "zod/v4";
import { isStorableText, UNSTORABLE_TEXT } from "../columns/text.ts";
import { datetimeProblem } from "../columns/types/datetime.ts";
import type { Detail } from "../errors/app-error.ts";
import { ADDRESS_RANGE } from "../model/addresses/address-range.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import { SLUG_PATTERN } from "../model/names.ts";
import {
  DESTINATION_SHAPE,
  type DestinationPolicy,
  destinationProblem,
} from "../webhooks/destination-policy.ts";

/* Fields that several admin bodies share. */

export const slugSchema = z
  .string()
  .regex(SLUG_PATTERN, "must be 1 to 63 lower-case letters, digits and inner hyphens");

/** The name of a role or issuer, which paths of the admin API contain. */
export const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}$/,
    "must be 1 to 63 letters, digits and _ . : -, and begin with a letter or digit",
  );

export const displayNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine(isStorableText, UNSTORABLE_TEXT)
  .meta({ pattern: "^[^\\x00]*[^\\x00\\s][^\\x00]*$" });

/** Any ISO 8601 date-time with an offset, as UTC with milliseconds. */
export const instantSchema = z.iso
  .datetime({
    offset: true,
    error: ({ input }) => (typeof input === "string" ? datetimeProblem(input) : undefined),
  })
  .transform((text) => new Date(text).toISOString())
  // Beyond these years, UTC texts have more digits and do not sort as their times.
  .refine((text) => /^\d{4}-/.test(text), "must be between the years 0000 and 9999 in UTC");

/** The problem of a new key that has already expired, if it has. */
export function problemsOfExpiry(expiresAt: string | null | undefined, now: Date): readonly Detail[] {
  const hasExpired = typeof expiresAt === "string" && expiresAt <= now.toISOString();
  return hasExpired ? [{ field: "expiresAt", message: "must be in the future" }] : [];
}

const MAX_ADDRESS_RANGES = 100;

/** The addresses from which a key may be used. */
export const addressRangesSchema = z
  .array(z.string().regex(ADDRESS_RANGE, "must be an IP address or a CIDR range such as 10.0.0.0/8"))
  .min(1)
  .max(MAX_ADDRESS_RANGES);

/** Refuses a URL that a deployment may not request, or with a spelling that URL parsers would change. */
export const requireDestination =
  (policy: DestinationPolicy) =>
  (url: string, context: z.RefinementCtx): void => {
    const isPlain = new RegExp(DESTINATION_SHAPE).test(url);
    const message = destinationProblem(url, policy) ?? (isPlain ? undefined : "must be a valid URL");
    if (message !== undefined) context.addIssue({ code: "custom", message });
  };

const MAX_GRACE_PERIOD_SECONDS = 604_800;

/** How long the old secret of a rotated key keeps working. */
export const rotationSchema = z.strictObject({
  gracePeriodSeconds: z.int().min(0).max(MAX_GRACE_PERIOD_SECONDS).default(0),
});

/** A count, as responses show it. */
export const countSchema = z.int().min(0);

/** A time as responses show it: ISO 8601 in UTC. */
export const timeSchema = z.iso.datetime();

/** Everything issued before this time is revoked. */
const MAX_SUBJECT_LENGTH = 255;

/** The `sub` of a token. */
export const subjectSchema = z.string().min(1).max(MAX_SUBJECT_LENGTH);

export const revocationSchema = z.strictObject({ revokedBefore: timeSchema });

/** Keeps the parsed object: Zod's own records drop a `__proto__`, which would then not be refused. */
export const jsonObjectSchema = z.custom<JsonObject>(isJsonObject, {
  error: ({ input }) => (input === undefined ? "is required" : "must be an object"),
});

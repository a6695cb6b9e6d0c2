const MIB = 1024 * 1024;

/** What each workspace may keep in the database beside its records, in bytes. */
export interface KeptBudgets {
  /** Webhook events: those that wait for delivery, and a few hundred bytes of those of the last 30 days. */
  readonly outboxBytes: number;
  /** What repeats the responses to requests with an Idempotency-Key, for 24 hours. */
  readonly idempotencyBytes: number;
}

/** Of each of the two, in MiB, where a deployment does not choose. */
export const DEFAULT_KEPT_MIB = 256;
export const DEFAULT_KEPT_BYTES = DEFAULT_KEPT_MIB * MIB;
export const MAX_KEPT_MIB = 1_000_000;

/** Returns a budget in bytes. */
export const keptBytesOf = (mib: number): number => mib * MIB;

/** Of the stored values of a record and of what it was before, in bytes: a larger event is sent without them. */
export const MAX_EVENT_BYTES = 256 * 1024;

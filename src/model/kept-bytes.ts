const MIB = 1024 * 1024;

/** The most bytes that each workspace may keep in the database in addition to its records. */
export interface KeptBudgets {
  /** Webhook events: those that wait for delivery, and a few hundred bytes of each of the last 30 days. */
  readonly outboxBytes: number;
  /** Stored responses to requests with an Idempotency-Key, for 24 hours. */
  readonly idempotencyBytes: number;
}

/** The default of both budgets, in MiB. */
export const DEFAULT_KEPT_MIB = 256;
export const DEFAULT_KEPT_BYTES = DEFAULT_KEPT_MIB * MIB;
export const MAX_KEPT_MIB = 1_000_000;

/** Returns a budget in bytes. */
export const keptBytesOf = (mib: number): number => mib * MIB;

/** The most bytes of an event's stored `record` and `previous`. A larger event is sent without them. */
export const MAX_EVENT_BYTES = 256 * 1024;

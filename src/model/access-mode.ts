export const ACCESS_MODES = ["ACTIVE", "READ_ONLY", "DESIGN", "MAINTENANCE", "SCHEMA_LOCKED"] as const;
export type AccessMode = (typeof ACCESS_MODES)[number];

/**
 * The access that a request needs: `READ` records, `WRITE` records, change the `SCHEMA`, finish a `MIGRATION` whose
 * lease it holds, or `MANAGE` keys and settings.
 */
export type Need = "READ" | "WRITE" | "SCHEMA" | "MIGRATION" | "MANAGE";

interface ModeRule {
  readonly write: boolean;
  readonly schema: boolean;
  /** The message of the error for what the mode forbids. */
  readonly message: string;
}

/** The rights in each mode. Reading is always allowed. */
export const ruleOfMode: Readonly<Record<AccessMode, ModeRule>> = {
  ACTIVE: { write: true, schema: true, message: "" },
  READ_ONLY: { write: false, schema: false, message: "Workspace is in read-only mode" },
  DESIGN: { write: false, schema: true, message: "Workspace is in design mode" },
  MAINTENANCE: { write: false, schema: false, message: "Workspace is in maintenance mode" },
  SCHEMA_LOCKED: { write: true, schema: false, message: "Workspace schema is locked" },
};

export function isAllowedInMode(need: Need, mode: AccessMode): boolean {
  if (need === "WRITE") return ruleOfMode[mode].write;
  if (need === "SCHEMA" || need === "MIGRATION") return ruleOfMode[mode].schema;
  return true;
}

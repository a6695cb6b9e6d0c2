/*
 * Entities, a scope with rules, and what the rules refuse. Every form of write is held to them: test/api/write-forms.test.ts,
 * test/cli/import-rules.test.ts.
 */

export const definitions = [
  {
    name: "Owner",
    columns: [
      { name: "name", type: "VARCHAR", unique: true },
      { name: "area", type: "VARCHAR" },
    ],
  },
  { name: "Box", columns: [{ name: "name", type: "VARCHAR" }] },
  {
    name: "Item",
    columns: [
      { name: "code", type: "VARCHAR", nullable: false, unique: true },
      { name: "area", type: "VARCHAR", indexed: true },
      { name: "serial", type: "VARCHAR", unique: true },
      {
        name: "level",
        type: "INTEGER",
        default: 0,
        constraints: [
          { type: "MIN", value: 0 },
          { type: "MAX", value: 10 },
        ],
      },
      { name: "label", type: "VARCHAR", constraints: [{ type: "PATTERN", value: "^[a-z]*$" }] },
      { name: "secret", type: "VARCHAR" },
      { name: "locked", type: "VARCHAR" },
      { name: "stamp", type: "VARCHAR" },
      { name: "least", type: "INTEGER" },
      { name: "most", type: "INTEGER" },
      { name: "ownerId", references: { entity: "Owner", relationship: "owner", inverse: null } },
      { name: "boxId", references: { entity: "Box", relationship: "box", inverse: "items" } },
    ],
    constraints: [{ type: "FIELD_LESS_THAN_OR_EQUAL", field: "least", otherField: "most" }],
  },
  {
    name: "Note",
    columns: [
      {
        name: "itemId",
        nullable: false,
        references: { entity: "Item", relationship: "item", inverse: null, onDelete: "RESTRICT" },
      },
    ],
  },
];

const ALL = ["read", "create", "update", "delete"];
export const SCOPE = {
  entity: "Item",
  operations: ALL,
  filter: { area: "A" },
  check: { area: "A", level: { lt: 10 } },
  fields: [
    "code",
    "area",
    "serial",
    "level",
    "label",
    "locked",
    "stamp",
    "least",
    "most",
    "ownerId",
    "boxId",
  ],
  writableFields: ["code", "area", "serial", "level", "label", "least", "most", "ownerId", "boxId"],
  presets: { stamp: { value: "server", on: "WRITE" } },
};
export const OTHERS = [
  { entity: "Owner", operations: ["read"], filter: { area: "A" } },
  { entity: "Box", operations: ALL },
  { entity: "Note", operations: ["read"] },
];

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly field: string; readonly message: string }[];
}

export const invalid = (field: string, message: string): Failure => ({
  code: "VALIDATION_ERROR",
  message: "Validation failed: 1 error(s)",
  details: [{ field, message }],
});
export const forbidden = (what: string): Failure => ({
  code: "FORBIDDEN",
  message: `This API key is not allowed to ${what}`,
});
const missingOwner = (id: number): Failure => ({
  code: "FOREIGN_KEY_VIOLATION",
  message: `Referenced owner_id '${id}' does not exist in owners`,
});
export const TAKEN: Failure = {
  code: "UNIQUE_CONSTRAINT_VIOLATION",
  message: "A record with serial 'taken' already exists",
};
/** What is written, and why it is refused, by a create and an update alike. */
export const VALUES: Readonly<Record<string, readonly [body: object, failure: Failure]>> = {
  "a hidden field": [{ secret: "x" }, invalid("secret", "is not a field of Item")],
  "a field outside writableFields": [{ locked: "x" }, invalid("locked", "is read-only")],
  "a preset field": [{ stamp: "x" }, invalid("stamp", "is read-only")],
  "a value below MIN": [{ level: -1 }, invalid("level", "must be at least 0")],
  "a value above MAX": [{ level: 11 }, invalid("level", "must be at most 10")],
  "a PATTERN that is not matched": [{ label: "A1" }, invalid("label", "must match pattern ^[a-z]*$")],
  "a value of another type": [{ level: "1" }, invalid("level", "must be an integer")],
  "a rule over two fields": [{ least: 2, most: 1 }, invalid("least", "must be less than or equal to most")],
  "a unique value that is taken": [{ serial: "taken" }, TAKEN],
  "a reference to nothing": [{ ownerId: 999 }, missingOwner(999)],
  "a reference to what is invisible": [{ ownerId: 2 }, missingOwner(2)],
  "an increment above MAX": [
    { level: { $increment: 11, $default: 0 } },
    invalid("level", "must be at most 10"),
  ],
};

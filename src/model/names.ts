/** Limits of one workspace's schema. */
export const MAX_ENTITIES = 200;
/** In a workspace. The more there are, the longer everything takes that takes one away. */
export const MAX_REFERENCES = 1_000;
export const MAX_COLUMNS = 200;
export const MAX_CONSTRAINTS = 100;

/** Names of entities, columns, tables and relationships. They never need escaping beyond double quotes. */
export const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
export const SLUG_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** First path segment that the API itself uses below a workspace. Compared without case. */
export const RESERVED_ENTITY_NAMES: ReadonlySet<string> = new Set(["transaction", "tokens", "me"]);

/** Hidden column of every entity's table. It counts the writes to a record and makes its ETag. */
export const VERSION_COLUMN = "_version";

/** `lineItem` → `line_item`, `HTTPServer` → `http_server`. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

/** English plural of a snake_case noun, good enough for a default that anyone may override. */
export function toPlural(noun: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(noun)) return `${noun}es`;
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return `${noun}s`;
}

export const defaultTableName = (entityName: string) => toPlural(toSnakeCase(entityName));

/** The table's name in the database: prefixed, because workspaces share one. */
export const physicalTableName = (workspaceId: number, tableName: string) => `w${workspaceId}_${tableName}`;

/** A name of the schema as an SQL identifier. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

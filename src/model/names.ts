/** Limits of one workspace's schema. */
export const MAX_ENTITIES = 200;
/** References in a workspace. The more there are, the longer deleting entities takes. */
export const MAX_REFERENCES = 1_000;
export const MAX_COLUMNS = 200;
export const MAX_CONSTRAINTS = 100;

/** Names of entities, columns, tables and relationships. They need no escaping in double quotes. */
export const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
export const SLUG_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Path segments that the API uses itself. Compared ignoring case. */
export const RESERVED_ENTITY_NAMES: ReadonlySet<string> = new Set(["transaction", "tokens", "me", "by"]);

/** The hidden column of every entity's table. It counts the writes to a record and is the version in its ETag. */
export const VERSION_COLUMN = "_version";

/** `lineItem` → `line_item`, `HTTPServer` → `http_server`. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

/** The English plural of a snake_case noun, good enough for a default. */
export function toPlural(noun: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(noun)) return `${noun}es`;
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return `${noun}s`;
}

export const defaultTableName = (entityName: string) => toPlural(toSnakeCase(entityName));

/** The table's name in the database, with a prefix because workspaces share one. */
export const physicalTableName = (workspaceId: number, tableName: string) => `w${workspaceId}_${tableName}`;

/** A name of the schema as an SQL identifier. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Limits of a request. Every error names the limit. */
export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 1_000;
/** The offset, page × size, must be an exact integer. */
export const MAX_PAGE = Math.floor(Number.MAX_SAFE_INTEGER / MAX_PAGE_SIZE);
/** Items of a bulk request, or operations of a transaction. */
export const MAX_BATCH_ITEMS = 100;
/** Characters of all texts that a request writes, whether sent, default or copied: far more than a body contains. */
export const MAX_WRITTEN_LENGTH = 5_000_000;
/** Characters that the references of a transaction copy: as many as a body contains. */
export const MAX_COPIED_LENGTH = 1_048_576;
export const MAX_SORT_KEYS = 8;

/** Characters of a cursor. A URL of 16 KB, the most that Cloudflare accepts, then also has room for filters. */
export const MAX_CURSOR_LENGTH = 8_192;

/** Conditions in all filters of a request together. */
export const MAX_CONDITIONS = 50;
/** Nested `and`, `or` and `not` groups of the JSON filter. */
export const MAX_DEPTH = 5;
export const MAX_LIST_VALUES = 500;
/** Characters of a text for `like` or `ilike`. A search takes up to this many steps at each position of a text. */
export const MAX_NEEDLE_LENGTH = 1_000;
/** Relationships that lead to the field of a filter, sort key or group. */
export const MAX_RELATIONSHIP_LEVELS = 3;
/** Characters of the JSON filter before parsing. */
export const MAX_FILTER_LENGTH = 65_536;
/** Levels of its JSON: more than groups and relationships can fill. */
export const MAX_FILTER_LEVELS = 64;

export const DEFAULT_EXPAND_DEPTH = 3;
export const MAX_EXPAND_DEPTH = 5;
/** Paths of one `expand`, or names of one `fields`. */
export const MAX_EXPANSIONS = 50;
export const MAX_FIELDS = 1_000;
/** Segments of any dotted name: far more than any depth allows, so that longer ones cost no work. */
export const MAX_PATH_SEGMENTS = 16;
/** Records of a to-many expansion under one parent. */
export const MAX_EXPANDED_RECORDS = 1_000;
/** Records in the expansions of a single record, including to-one records. */
export const MAX_EXPANDED_IN_ALL = 20_000;
/** Records in the expansions of a page, including to-one records. */
export const MAX_EXPANDED_ON_PAGE = 200_000;

/** The total size of texts in the expansions of a response: the limit of a database response. */
export const MAX_EXPANDED_BYTES = 10_000_000;

export const MAX_MEASURES = 50;
export const MAX_GROUP_KEYS = 8;
export const MAX_GROUPS = 1_000;
/**
 * Relationships that the measures and groups of an aggregate go through. SQLite joins 64 tables, including the entity's
 * own. The sort keys of a list stay below that.
 */
export const MAX_JOINED_RELATIONSHIPS = 63;

/** Records that an export reads with each statement. */
export const EXPORT_CHUNK_SIZE = 1_000;
/** Characters of a client's value that an error message repeats. */
export const MAX_ECHO_LENGTH = 100;

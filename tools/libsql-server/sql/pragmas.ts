/**
 * Which PRAGMAs a libSQL server answers (libsql-server/src/query_analysis.rs, `pragma_kind`).
 * Anything that is not listed here is refused.
 */
export type PragmaAccess = "always" | "without-value";

const ALWAYS = [
  "table_list index_list index_info table_info table_xinfo index_xinfo pragma_list compile_options",
  "database_list function_list module_list encoding defer_foreign_keys foreign_keys foreign_key_list",
  "foreign_key_check collation_list data_version freelist_count integrity_check legacy_file_format",
  "page_count quick_check stats user_version",
];

const WITHOUT_VALUE = [
  "analysis_limit application_id auto_vacuum automatic_index busy_timeout cache_size cache_spill",
  "cell_size_check checkpoint_fullfsync fullfsync hard_heap_limit journal_mode journal_size_limit",
  "legacy_alter_table locking_mode max_page_count mmap_size page_size query_only read_uncommitted",
  "recursive_triggers reverse_unordered_selects schema_version secure_delete soft_heap_limit synchronous",
  "temp_store threads trusted_schema wal_autocheckpoint",
];

const PRAGMAS = new Map<string, PragmaAccess>([
  ...names(ALWAYS).map((name) => [name, "always"] as const),
  ...names(WITHOUT_VALUE).map((name) => [name, "without-value"] as const),
]);

/** Pragmas whose value changes the database file rather than the connection or nothing. */
const WRITING_PRAGMAS = new Set(["user_version"]);

/** Pragmas whose value outlives the statement on the connection and must be undone before reuse. */
const SESSION_PRAGMAS = new Set(["foreign_keys", "defer_foreign_keys"]);

export interface Pragma {
  readonly name: string;
  readonly hasValue: boolean;
}

export function isPragmaAllowed(pragma: Pragma): boolean {
  const access = PRAGMAS.get(pragma.name);
  return access === "always" || (access === "without-value" && !pragma.hasValue);
}

export function isPragmaWrite(pragma: Pragma): boolean {
  return pragma.hasValue && WRITING_PRAGMAS.has(pragma.name);
}

export function isSessionPragma(pragma: Pragma): boolean {
  return pragma.hasValue && SESSION_PRAGMAS.has(pragma.name);
}

function names(lines: string[]): string[] {
  return lines.flatMap((line) => line.split(" "));
}

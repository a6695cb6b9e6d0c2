import { type SQL, sql } from "drizzle-orm";
import type { FieldPath, Hop } from "../plan/plan.ts";
import { idIn, type Source } from "./source.ts";
import type { Sources } from "./sources.ts";

/** The to-one relationships in the sort keys and groups of a statement, each joined once. */
export class Joins {
  readonly #root: Source;
  readonly #sources: Sources;
  readonly #joined = new Map<string, Source>();
  #sql: SQL = sql``;

  constructor(root: Source, sources: Sources) {
    this.#root = root;
    this.#sources = sources;
  }

  /** The field's column; null if a reference on the path is null. */
  column({ hops, column }: FieldPath): SQL {
    let source = this.#root;
    let path = "";
    for (const hop of hops) {
      path += `${hop.relationship.name}.`;
      source = this.#joined.get(path) ?? this.#join(path, hop, source);
    }
    return source.column(column);
  }

  /** The SQL after FROM, once all columns were requested. */
  get sql(): SQL {
    return this.#sql;
  }

  #join(path: string, { relationship, entity }: Hop, parent: Source): Source {
    if (relationship.kind !== "TO_ONE") throw new Error(`${relationship.name} is not to-one`);
    const child = this.#sources.use(entity);
    const match = sql`${idIn(child)} = ${parent.column(relationship.column)}`;
    this.#sql = sql`${this.#sql} LEFT JOIN ${child.from} ON ${match}`;
    this.#joined.set(path, child);
    return child;
  }
}

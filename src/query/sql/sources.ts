import { type SQL, sql } from "drizzle-orm";
import type { Entity } from "../../model/entity.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { Predicate } from "../plan/predicate.ts";
import { READ_EVERYTHING, type ReadScope } from "../plan/target.ts";
import { compilePredicate } from "./condition/compile-predicate.ts";
import { identifier, list, qualified } from "./fragments.ts";
import type { Source, SourceFactory } from "./source.ts";
import { tableOf } from "./table-of.ts";
import { toStatement } from "./to-statement.ts";

/**
 * Assigns aliases and enforces the scope: a statement contains no table outside it, and only the caller's records of a
 * table inside it. The SQL that narrows a table appears once, in front of the statement.
 */
export class Sources implements SourceFactory {
  readonly #scope: ReadScope;
  /** By table: the name of the part that the caller may see, and its definition. */
  readonly #visible = new Map<string, { readonly name: SQL; readonly definition: SQL }>();
  #count = 0;

  constructor(scope: ReadScope) {
    this.#scope = scope;
  }

  use(entity: Entity): Source {
    if (!this.#scope.canRead(entity.name))
      throw new Error(`A plan reached ${entity.name}, outside its scope`);
    const rows = this.#scope.rowsOf(entity.name);
    const table = rows ? this.#visibleOf(entity, rows) : sql`${tableOf(entity)}`;
    return this.#source(entity, table, rows !== null);
  }

  /** For records that were already found among the visible ones, or that the caller has just written. */
  reuse(entity: Entity): Source {
    return this.#source(entity, sql`${tableOf(entity)}`, false);
  }

  /** The query with the CTEs that it needs; `ctes` may use sources too. */
  complete(query: SQL, ctes: readonly SQL[] = []): SQL {
    const all = [...[...this.#visible.values()].map(({ definition }) => definition), ...ctes];
    return all.length === 0 ? query : sql`WITH ${list(all)} ${query}`;
  }

  toStatement(query: SQL): Statement {
    return toStatement(this.complete(query));
  }

  #source(entity: Entity, table: SQL, isNarrowed: boolean): Source {
    const alias = `t${this.#count++}`;
    return {
      entity,
      alias,
      from: sql`${table} AS ${identifier(alias)}`,
      isNarrowed,
      column: ({ columnName }) => qualified(alias, columnName),
    };
  }

  /** A rule can read everything that it names, even if the caller cannot. */
  #visibleOf(entity: Entity, rows: Predicate): SQL {
    const known = this.#visible.get(entity.physicalTable);
    if (known) return known.name;
    const sources = new Sources(READ_EVERYTHING);
    const source = sources.use(entity);
    const name = identifier(`visible${this.#visible.size}`);
    const records = sql`SELECT * FROM ${source.from} WHERE ${compilePredicate(rows, source, sources)}`;
    this.#visible.set(entity.physicalTable, {
      name,
      definition: sql`${name} AS NOT MATERIALIZED (${records})`,
    });
    return name;
  }
}

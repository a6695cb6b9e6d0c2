import { requireSome } from "../db/write-guard.ts";
import { LruMap } from "../lib/lru-map.ts";
import type { Database, Item } from "../libsql/database.ts";
import { SqlFailure } from "../libsql/sql-failure.ts";
import type { StepOutcome } from "../libsql/step.ts";
import type { Rows, Statement } from "../model/sql-value.ts";
import { type AdminPrincipal, adminFacts } from "./admin-facts.ts";

/*
 * The fence for administrators. It puts a statement that checks the cached facts in front of every database request.
 * So services need not know about it, and it costs no round trip.
 */

const REMEMBERED = 1_000;
/** Facts that an isolate has cached, by principal. */
const believed = new LruMap<string, string>(REMEMBERED);

const nameOf = (principal: AdminPrincipal) =>
  principal.kind === "ADMIN_KEY" ? principal.secretHash : principal.email;

export const rememberedFacts = (principal: AdminPrincipal): string | undefined =>
  believed.get(nameOf(principal));
export const rememberFacts = (principal: AdminPrincipal, facts: string): void =>
  believed.set(nameOf(principal), facts);
export const forgetFacts = (principal: AdminPrincipal): void => believed.delete(nameOf(principal));

/** The facts have changed and nothing was done: judge and run the request again. */
export class AdminChanged extends Error {}

/** The facts that the database stores about an administrator. */
export async function findAdminFacts(
  database: Database,
  principal: AdminPrincipal,
): Promise<string | undefined> {
  const [rows = []] = await database.read([adminFacts(principal)]);
  return factsOf(rows);
}

const factsOf = ([row]: Rows): string | undefined => (row ? String(row[0]) : undefined);

/** A database that serves one administrator while the cached facts are still true. */
export class GuardedDatabase implements Database {
  readonly #database: Database;
  readonly #facts: Statement;
  readonly #believed: string;
  #isConfirmed = false;
  /** Later requests complete the write, or undo it. */
  #hasWritten = false;

  constructor(database: Database, principal: AdminPrincipal, facts: string) {
    this.#database = database;
    this.#facts = adminFacts(principal);
    this.#believed = facts;
  }

  get waitedMs(): number {
    return this.#database.waitedMs;
  }

  get readLength(): number {
    return this.#database.readLength;
  }

  /** Checks the facts for a request that did not use the database. Throws AdminChanged. */
  async confirm(): Promise<void> {
    if (!this.#isConfirmed) await this.read([]);
  }

  /** In a transaction, because it may write. */
  async run(statement: Statement): Promise<Rows> {
    const [rows = []] = await this.write([statement]);
    return rows;
  }

  async read(statements: readonly Statement[]): Promise<readonly Rows[]> {
    if (this.#hasWritten) return this.#database.read(statements);
    const results = await this.#database.read([this.#facts, ...statements]).catch(withoutGuard);
    const [facts = [], ...rows] = results;
    if (factsOf(facts) !== this.#believed) throw new AdminChanged();
    this.#isConfirmed = true;
    return rows;
  }

  async write(statements: readonly Statement[], timeoutMs?: number): Promise<readonly Rows[]> {
    if (this.#hasWritten) return this.#database.write(statements, timeoutMs);
    const [, ...rows] = await this.#database
      .write([this.#guard(), ...statements], timeoutMs)
      .catch(withoutGuard);
    this.#noteWrite();
    return rows;
  }

  async writeEach(guards: readonly Statement[], items: readonly Item[]): Promise<readonly StepOutcome[]> {
    if (this.#hasWritten) return this.#database.writeEach(guards, items);
    const outcomes = await this.#database.writeEach([this.#guard(), ...guards], items).catch(withoutGuard);
    this.#noteWrite();
    return outcomes;
  }

  #noteWrite() {
    this.#isConfirmed = true;
    this.#hasWritten = true;
  }

  #guard(): Statement {
    const { sql, args } = this.#facts;
    return requireSome({ sql: `SELECT 1 WHERE (${sql}) = ?`, args: [...args, this.#believed] });
  }
}

/** The failure of a caller's statement, with the caller's index. Throws. */
function withoutGuard(failure: unknown): never {
  if (!(failure instanceof SqlFailure) || failure.index < 0) throw failure;
  if (failure.index === 0 && failure.hasRaised("ABSENT")) throw new AdminChanged();
  throw new SqlFailure(failure.index - 1, failure.code, failure.message);
}

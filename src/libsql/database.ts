import { idempotencyFull, outboxFull, ResponseTooLarge, serviceUnavailable } from "../errors/api-errors.ts";
import type { AppError } from "../errors/app-error.ts";
import { currentMillis } from "../lib/clock.ts";
import { type Rows, type Statement, textLengthOf } from "../model/sql-value.ts";
import { SqlFailure } from "./sql-failure.ts";
import type { RunSteps, Step, StepOutcome } from "./step.ts";

/** Longer than any statement of a request takes, shorter than a client waits. */
export const DATABASE_TIMEOUT_MS = 15_000;
/** For writes that convert or delete all records of an entity: long enough for millions of rows. */
export const LONG_WRITE_TIMEOUT_MS = 120_000;

/** A statement, and one that runs only after it has succeeded. */
export interface Item {
  readonly statement: Statement;
  readonly follower?: Statement | undefined;
}

/** The interface to libSQL. Each method is one request to the database and one transaction. */
export interface Database {
  /**
   * Runs one statement, a transaction of its own. Returns its rows. Throws SqlFailure, ResponseTooLarge,
   * SERVICE_UNAVAILABLE.
   */
  run(statement: Statement): Promise<Rows>;
  /** Reads one snapshot. Returns rows by statement. Throws SqlFailure, ResponseTooLarge, SERVICE_UNAVAILABLE. */
  read(statements: readonly Statement[]): Promise<readonly Rows[]>;
  /**
   * Writes all or nothing, within 15 s by default. Returns rows by statement. Throws SqlFailure, SERVICE_UNAVAILABLE.
   */
  write(statements: readonly Statement[], timeoutMs?: number): Promise<readonly Rows[]>;
  /**
   * Runs guards, which must all succeed, and then independent items. An item that fails undoes only itself, and its
   * follower does not run. Returns outcomes by item. Throws SqlFailure (of a guard), SERVICE_UNAVAILABLE.
   */
  writeEach(guards: readonly Statement[], items: readonly Item[]): Promise<readonly StepOutcome[]>;
  /** Milliseconds spent waiting for the database so far. */
  readonly waitedMs: number;
  /** Characters in the texts read so far. */
  readonly readLength: number;
}

const BEGIN_READ: Step = { sql: "BEGIN", args: [] };
const BEGIN_WRITE: Step = { sql: "BEGIN IMMEDIATE", args: [] };
const COMMIT: Statement = { sql: "COMMIT", args: [] };

interface Sending {
  readonly isWrite: boolean;
  readonly timeoutMs?: number | undefined;
}

/** Opens a database for one request. `runSteps` runs its steps, over HTTP or in this process. */
export function createDatabase(runSteps: RunSteps): Database {
  async function send(steps: readonly Step[], { isWrite, timeoutMs = DATABASE_TIMEOUT_MS }: Sending) {
    const start = currentMillis();
    try {
      return await runSteps(steps, timeoutMs, isWrite);
    } finally {
      database.waitedMs += currentMillis() - start;
    }
  }

  async function runInOrder(begin: Step, statements: readonly Statement[], timeoutMs?: number) {
    const steps = [begin, ...[...statements, COMMIT].map((statement, i) => ({ ...statement, after: i }))];
    const outcomes = await send(steps, { isWrite: begin === BEGIN_WRITE, timeoutMs });
    return rowsOf(outcomes).slice(1, -1);
  }

  async function readAll(statements: readonly Statement[]): Promise<readonly Rows[]> {
    const [only] = statements;
    /* One statement sees one snapshot anyway. */
    const isSingle = only && statements.length === 1;
    const results = isSingle ? [await runAlone(only, false)] : await runInOrder(BEGIN_READ, statements);
    for (const rows of results) database.readLength += textLengthOf(rows);
    return results;
  }

  async function runAlone(statement: Statement, isWrite: boolean): Promise<Rows> {
    const [rows = []] = rowsOf(await send([statement], { isWrite }), 0);
    return rows;
  }

  /* Accessors would give each request's object its own shape, which is slow. */
  const database: Database & { waitedMs: number; readLength: number } = {
    waitedMs: 0,
    readLength: 0,
    run: (statement) => runAlone(statement, true),
    read: (statements) => readAll(statements).catch(tooLargeToReturn),
    write: (statements, timeoutMs) => runInOrder(BEGIN_WRITE, statements, timeoutMs),
    async writeEach(guards, items) {
      const { steps, positions } = stepsOfEach(guards, items);
      const outcomes = await send(steps, { isWrite: true });
      rowsOf(outcomes.slice(0, guards.length + 1));
      if (outcomes.at(-1)?.status !== "DONE") throw serviceUnavailable(reasonOf(outcomes));
      return positions.map((position) => outcomes[position] ?? { status: "SKIPPED" });
    },
  };
  return database;
}

/** The steps of guards and independent items, from `BEGIN` to `COMMIT`, and the position of each item's step. */
function stepsOfEach(guards: readonly Statement[], items: readonly Item[]) {
  const steps: Step[] = [BEGIN_WRITE, ...guards.map((guard, i) => ({ ...guard, after: i }))];
  /* A full disk, for instance, ends the whole transaction. Later items would then be stored alone, without the guards. */
  const guarded = { after: guards.length, isInTransaction: true };
  const positions = items.map(({ statement, follower }) => {
    const position = steps.push({ ...statement, ...guarded }) - 1;
    if (follower) steps.push({ ...follower, ...guarded, after: position });
    return position;
  });
  steps.push({ ...COMMIT, ...guarded });
  return { steps, positions };
}

/** Returns the rows of steps that must all succeed; otherwise throws the first failure. */
function rowsOf(outcomes: readonly StepOutcome[], stepsBefore = 1): readonly Rows[] {
  return outcomes.map((outcome, i) => {
    if (outcome.status === "DONE") return outcome.rows;
    if (outcome.status === "SKIPPED")
      throw new SqlFailure(i - stepsBefore, "SKIPPED", "a step before it failed");
    if (isUnavailable(outcome.code)) throw serviceUnavailable(outcome.message);
    const failure = new SqlFailure(i - stepsBefore, outcome.code, outcome.message);
    throw budgetErrorOf(failure) ?? failure;
  });
}

/** The error of a write whose trigger found a budget used up (drizzle/0019_kept_bytes.sql). */
export function budgetErrorOf(failure: SqlFailure): AppError | undefined {
  if (failure.hasRaised("OUTBOX_FULL")) return outboxFull();
  return failure.hasRaised("IDEMPOTENCY_FULL") ? idempotencyFull() : undefined;
}

/** A result is larger than the server returns in one row. Throws. */
function tooLargeToReturn(failure: unknown): never {
  throw failure instanceof SqlFailure && failure.isTooLarge ? new ResponseTooLarge() : failure;
}

/** The database responds but cannot serve now. The statement is not at fault, and the client may retry. */
export const isUnavailable = (code: string): boolean =>
  /^(?:SQLITE_(?:BUSY|LOCKED|FULL|IOERR|NOMEM|READONLY|INTERRUPT|CANTOPEN|PROTOCOL|CORRUPT|NOTADB)|BLOCKED|TRANSACTION_.*)$/.test(
    code,
  );

/** Why the database ended a transaction. */
function reasonOf(outcomes: readonly StepOutcome[]): string {
  const failed = outcomes.find(({ status }) => status === "FAILED");
  return failed?.status === "FAILED" ? failed.message : "the transaction was not committed";
}

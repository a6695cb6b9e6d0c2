import { serviceUnavailable } from "../../../src/errors/api-errors.ts";
import { currentMillis, pause } from "../../../src/lib/clock.ts";
import type { Step, StepOutcome } from "../../../src/libsql/step.ts";
import { isBusy } from "../../libsql-server/engine/sqlite-errors.ts";
import type { Client } from "./client.ts";
import type { Connection } from "./connection.ts";
import { FairQueue } from "./fair-queue.ts";
import { interrupted, interruptWhenDue } from "./interrupted.ts";
import { runStepsBy, runStepsHere } from "./run-steps.ts";

/** How long one group may keep this thread; those who wait longer form the next. */
const GROUP_MS = 5;
const BUSY_PAUSE_MS = 5;
const BUSY_PATIENCE_MS = 5_000;
const MAX_WAITING = 2_000;

type Outcomes = readonly StepOutcome[];

export interface WriteJob {
  readonly steps: readonly Step[];
  readonly timeoutMs: number;
  readonly client: Client;
  /** It may take long, so it runs on another thread and in no group. */
  readonly isLong: boolean;
}

interface WaitingJob extends WriteJob {
  readonly deadline: number;
  readonly resolve: (outcomes: Outcomes) => void;
  readonly reject: (error: unknown) => void;
}

type Settle = () => void;

/**
 * The only writer of the database. Writes that wait at the same time share one transaction, each in a savepoint of its
 * own, so that they share what a commit costs. None is answered before the commit is done.
 */
export class Writer {
  readonly #connection: Connection;
  readonly #isDurable: boolean;
  readonly #onCommit: () => void;
  readonly #waiting = new FairQueue<WaitingJob>(MAX_WAITING);
  #isRunning = false;
  #idle: Promise<void> = Promise.resolve();

  /** `isDurable`: a commit waits for the disk. */
  constructor(
    connection: Connection,
    options: { readonly isDurable: boolean; readonly onCommit: () => void },
  ) {
    this.#connection = connection;
    this.#isDurable = options.isDurable;
    this.#onCommit = options.onCommit;
  }

  /** Throws SERVICE_UNAVAILABLE when nothing was written. */
  write(job: WriteJob): Promise<Outcomes> {
    return new Promise((resolve, reject) => {
      const deadline = currentMillis() + job.timeoutMs;
      const displaced = this.#waiting.push(job.client.lane, { ...job, deadline, resolve, reject });
      displaced?.reject(serviceUnavailable("too many writes wait"));
      if (this.#isRunning) return;
      this.#isRunning = true;
      /* Whatever else arrived with this request is read first, and joins its group. */
      setImmediate(() => {
        this.#idle = this.#runAll();
      });
    });
  }

  /** Resolves when everything that waits is done. */
  async close(): Promise<void> {
    while (this.#isRunning) {
      await new Promise(setImmediate);
      await this.#idle;
    }
    this.#connection.close();
  }

  async #runAll(): Promise<void> {
    for (let job = this.#next(isAny); job; job = this.#next(isAny)) {
      await (job.isLong ? this.#runLong(job) : this.#runGroup(job)).catch(job.reject);
      /* Reads take their turn between two groups. */
      await new Promise(setImmediate);
    }
    this.#isRunning = false;
  }

  /** Returns the next job that a client still waits for. */
  #next(mayTake: (job: WaitingJob) => boolean): WaitingJob | undefined {
    for (;;) {
      const job = this.#waiting.take(mayTake);
      if (!job) return undefined;
      if (!job.client.signal?.aborted && currentMillis() < job.deadline) return job;
      job.reject(serviceUnavailable("waited too long for the writer, or its client is gone"));
    }
  }

  async #runGroup(first: WaitingJob): Promise<void> {
    await this.#begin();
    const members: WaitingJob[] = [];
    const settles: Settle[] = [];
    const end = currentMillis() + GROUP_MS;
    try {
      for (let job: WaitingJob | undefined = first; job; job = this.#nextMember(end)) {
        members.push(job);
        settles.push(this.#runMember(job));
        if (!this.#connection.isInTransaction) throw new Error("the database ended the transaction");
      }
      await this.#commit();
    } catch (cause) {
      if (this.#connection.isInTransaction) this.#connection.exec("ROLLBACK");
      for (const { reject } of members) reject(serviceUnavailable(cause));
      return;
    }
    for (const settle of settles) settle();
    this.#onCommit();
  }

  #nextMember(end: number): WaitingJob | undefined {
    return currentMillis() < end ? this.#next(isShort) : undefined;
  }

  /** Runs a job inside the group's transaction. Returns how to tell its client, once that is committed. */
  #runMember({ steps, resolve, reject }: WaitingJob): Settle {
    let isDone = steps.length === 1;
    try {
      const outcomes = runStepsHere(this.#connection, isDone ? steps : steps.map(asMember));
      /* A statement of its own undoes itself when it fails. */
      isDone ||= outcomes.at(-1)?.status === "DONE";
      return () => resolve(outcomes);
    } catch (error) {
      return () => reject(error);
    } finally {
      if (!isDone && this.#connection.isInTransaction)
        this.#connection.exec("ROLLBACK TO member; RELEASE member");
    }
  }

  /** Waits for writers of other processes, without blocking this one. Throws SERVICE_UNAVAILABLE. */
  async #begin(): Promise<void> {
    const end = currentMillis() + BUSY_PATIENCE_MS;
    for (;;) {
      try {
        return this.#connection.exec(BEGIN);
      } catch (error) {
        if (!isBusy(error) || currentMillis() > end) throw serviceUnavailable(error);
        await pause(BUSY_PAUSE_MS);
      }
    }
  }

  async #commit(): Promise<void> {
    if (this.#isDurable) await this.#connection.execElsewhere("COMMIT");
    else this.#connection.exec("COMMIT");
  }

  async #runLong({ steps, deadline, client, resolve }: WaitingJob): Promise<void> {
    const { signal } = client;
    await this.#begin();
    const endInterrupts = interruptWhenDue(this.#connection, { deadline, signal });
    try {
      const run = (step: Step) => {
        if (signal?.aborted || currentMillis() >= deadline) throw interrupted();
        return step.sql === BEGIN ? NOTHING : this.#connection.runElsewhere(step);
      };
      const outcomes = await runStepsBy(run, this.#connection, steps);
      if (!this.#connection.isInTransaction) this.#onCommit();
      else if (steps.length === 1) await this.#connection.execElsewhere("COMMIT");
      resolve(outcomes);
    } finally {
      endInterrupts();
      if (this.#connection.isInTransaction) this.#connection.exec("ROLLBACK");
    }
  }
}

const isAny = () => true;
const isShort = ({ isLong }: WaitingJob): boolean => !isLong;

const BEGIN = "BEGIN IMMEDIATE";
const NOTHING = { rows: [], affected: 0 };

/** The steps of a transaction, as those of a savepoint. */
function asMember(step: Step): Step {
  if (step.sql === BEGIN) return { ...step, sql: "SAVEPOINT member" };
  return step.sql === "COMMIT" ? { ...step, sql: "RELEASE member" } : step;
}

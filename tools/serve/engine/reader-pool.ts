import { serviceUnavailable } from "../../../src/errors/api-errors.ts";
import { currentMillis } from "../../../src/lib/clock.ts";
import type { Step, StepOutcome } from "../../../src/libsql/step.ts";
import { LONG_TEXT, type Statement, textLengthOf } from "../../../src/model/sql-value.ts";
import { HranaError } from "../../libsql-server/hrana/errors.ts";
import type { Client } from "./client.ts";
import type { Connection } from "./connection.ts";
import { FairQueue } from "./fair-queue.ts";
import { interrupted, interruptWhenDue } from "./interrupted.ts";
import { runStepsBy } from "./run-steps.ts";

type Outcomes = readonly StepOutcome[];

export interface ReadJob {
  readonly steps: readonly Step[];
  readonly client: Client;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

interface WaitingJob extends ReadJob {
  readonly resolve: (outcomes: Outcomes) => void;
  readonly reject: (error: unknown) => void;
}

export interface ReaderLimits {
  /** Reads of one principal that run at once. */
  readonly perPrincipal: number;
  /** Reads that wait for a reader. */
  readonly waiting: number;
  /** Whether no read should start at present. */
  readonly isOverloaded: () => boolean;
  /** Resolves when a long result may be used. Until then, its reader reads nothing else. */
  readonly waitForTurn: () => Promise<void>;
}

/**
 * Reads that may take long. Each runs on a connection and a thread of its own until it is done, its deadline has passed or
 * its client is gone. The others wait in turn by workspace.
 */
export class ReaderPool {
  readonly #connections: readonly Connection[];
  readonly #idle: Connection[];
  readonly #limits: ReaderLimits;
  readonly #queue: FairQueue<WaitingJob>;
  readonly #running = new Map<string, number>();

  constructor(connections: readonly Connection[], limits: ReaderLimits) {
    this.#connections = connections;
    this.#idle = [...connections];
    this.#limits = limits;
    this.#queue = new FairQueue(limits.waiting);
  }

  /** Throws SERVICE_UNAVAILABLE. */
  read(job: ReadJob): Promise<Outcomes> {
    return new Promise((resolve, reject) => {
      const displaced = this.#queue.push(job.client.lane, { ...job, resolve, reject });
      displaced?.reject(serviceUnavailable("too many reads wait"));
      this.#startWaiting();
    });
  }

  /** Stops what runs and resolves when it has ended. Nothing may be asked for any more. */
  async close(): Promise<void> {
    while (this.#idle.length < this.#connections.length) {
      /* Each time, because an interrupt has no effect before the statement has started on its thread. */
      for (const connection of this.#connections)
        if (!this.#idle.includes(connection)) connection.interrupt();
      await new Promise(setImmediate);
    }
    for (const connection of this.#connections) connection.close();
  }

  #startWaiting(): void {
    while (this.#idle.length > 0) {
      const job = this.#queue.take((waiting) => isAbandoned(waiting) || this.#mayStart(waiting));
      if (!job) return;
      if (this.#limits.isOverloaded()) job.reject(serviceUnavailable("clients do not read their responses"));
      else if (isAbandoned(job))
        job.reject(serviceUnavailable("waited too long for a reader, or its client is gone"));
      else void this.#run(job);
    }
  }

  #mayStart({ client }: WaitingJob): boolean {
    return (this.#running.get(client.principal) ?? 0) < this.#limits.perPrincipal;
  }

  async #run(job: WaitingJob): Promise<void> {
    const connection = this.#idle.pop();
    if (!connection) return;
    const { principal } = job.client;
    this.#running.set(principal, (this.#running.get(principal) ?? 0) + 1);
    try {
      const outcomes = await readOn(connection, job);
      if (outcomes.some(isLong)) await this.#limits.waitForTurn();
      job.resolve(outcomes);
    } catch (error) {
      job.reject(error);
    } finally {
      this.#idle.push(connection);
      const others = (this.#running.get(principal) ?? 1) - 1;
      if (others === 0) this.#running.delete(principal);
      else this.#running.set(principal, others);
      /* Not at once: results that are there already would all be taken before any other request is. */
      setImmediate(() => this.#startWaiting());
    }
  }
}

const isLong = (outcome: StepOutcome): boolean =>
  outcome.status === "DONE" && textLengthOf(outcome.rows) > LONG_TEXT;

const isAbandoned = ({ client, deadline }: ReadJob): boolean =>
  client.signal?.aborted === true || currentMillis() >= deadline;

async function readOn(connection: Connection, job: ReadJob): Promise<Outcomes> {
  const { signal } = job.client;
  const endInterrupts = interruptWhenDue(connection, { deadline: job.deadline, signal });
  try {
    const run = (step: Step) => {
      if (isAbandoned(job)) throw interrupted();
      if (step.sql === "BEGIN" || step.sql === "COMMIT") return connection.run(step);
      return connection.runElsewhere(foundAtOnce(step)).catch((error) => {
        if (!isTooDeep(error)) throw error;
        return connection.runElsewhere(step);
      });
    };
    return await runStepsBy(run, connection, job.steps);
  } finally {
    endInterrupts();
    if (connection.isInTransaction) connection.exec("ROLLBACK");
  }
}

/** Whether a statement is nested as deep as SQLite's parser can go, so that nothing can be put around it. */
const isTooDeep = (error: unknown): boolean =>
  error instanceof HranaError && error.message.includes("parser stack overflow");

/** The same rows, all found before the first one is given. */
const foundAtOnce = ({ sql, args }: Statement): Statement => ({
  sql: `WITH found_at_once AS MATERIALIZED (${sql}) SELECT * FROM found_at_once`,
  args,
});

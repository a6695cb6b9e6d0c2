import { currentMillis } from "../../../src/lib/clock.ts";
import { DATABASE_TIMEOUT_MS } from "../../../src/libsql/database.ts";
import type { LocalDatabase, Requester, RunSteps, Step } from "../../../src/libsql/step.ts";
import { type Client, clientOf } from "./client.ts";
import { Connection } from "./connection.ts";
import { CostJudge } from "./judge-cost.ts";
import { ReaderPool } from "./reader-pool.ts";
import { runStepsHere } from "./run-steps.ts";
import { Writer } from "./writer.ts";

const MAX_WAITING_READS = 2_000;
const CHECKPOINT_PAUSE_MS = 1_000;

export type SyncMode = "full" | "normal";

export interface EngineOptions {
  readonly file: string;
  /** `full`: an answered write survives a power cut; `normal`: it survives the end of the process. */
  readonly sync: SyncMode;
  /** Threads of reads that may take long. */
  readonly readers: number;
  /** Whether no result should be made at present, since clients do not read what was made for them. */
  readonly isOverloaded: () => boolean;
  /** Resolves when a long result may be used: the records of a large page take long to parse. */
  readonly waitForTurn: () => Promise<void>;
}

/** The embedded database: one writer, one connection for short reads on this thread, and readers on threads of their own. */
export class Engine implements LocalDatabase {
  readonly #here: Connection;
  readonly #judge: CostJudge;
  readonly #writer: Writer;
  readonly #readers: ReaderPool;
  readonly #checkpoints: Connection;
  #checkpointTimer: NodeJS.Timeout | undefined;
  #checkpoint = Promise.resolve();

  constructor({ file, sync, readers, isOverloaded, waitForTurn }: EngineOptions) {
    const open = (pragmas: string) => new Connection(file, `PRAGMA foreign_keys = ON; ${pragmas}`);
    /* Checkpoints run beside the writer, so none of its commits waits for one. */
    const writing = open(`PRAGMA synchronous = ${sync}; PRAGMA wal_autocheckpoint = 0`);
    this.#writer = new Writer(writing, {
      isDurable: sync === "full",
      onCommit: () => {
        this.#checkpointTimer ??= setTimeout(() => this.#startCheckpoint(), CHECKPOINT_PAUSE_MS).unref();
      },
    });
    this.#here = open("PRAGMA query_only = ON");
    this.#judge = new CostJudge(this.#here);
    const connections = Array.from({ length: readers }, () => open("PRAGMA query_only = ON"));
    const perPrincipal = Math.max(1, readers - 1);
    this.#readers = new ReaderPool(connections, {
      perPrincipal,
      waiting: MAX_WAITING_READS,
      isOverloaded,
      waitForTurn,
    });
    this.#checkpoints = open(`PRAGMA synchronous = ${sync}`);
  }

  stepsFor(requester: Requester | undefined): RunSteps {
    return async (steps, timeoutMs) => {
      const costs = steps.map(({ sql }) => this.#judge.judge(sql));
      const isShort = costs.every((cost) => cost.isShort);
      if (costs.some((cost) => cost.isWrite)) {
        const isLong = timeoutMs > DATABASE_TIMEOUT_MS || !isShort;
        const outcomes = await this.#writer.write({ steps, timeoutMs, client: clientOf(requester), isLong });
        if (steps.some(isSchemaChange)) this.#judge.forget();
        return outcomes;
      }
      if (isShort) return this.#readHere(steps);
      return this.#readElsewhere(steps, { client: clientOf(requester), timeoutMs });
    };
  }

  /** Ends when what was asked for is done, or its time is over. */
  async close(): Promise<void> {
    await this.#readers.close();
    await this.#writer.close();
    clearTimeout(this.#checkpointTimer);
    await this.#checkpoint;
    this.#here.close();
    this.#checkpoints.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#checkpoints.close();
  }

  #readHere(steps: readonly Step[]) {
    try {
      return runStepsHere(this.#here, steps);
    } finally {
      if (this.#here.isInTransaction) this.#here.exec("ROLLBACK");
    }
  }

  #readElsewhere(steps: readonly Step[], { client, timeoutMs }: { client: Client; timeoutMs: number }) {
    return this.#readers.read({ steps, client, deadline: currentMillis() + timeoutMs });
  }

  #startCheckpoint(): void {
    this.#checkpoint = this.#checkpoints
      .execElsewhere("PRAGMA wal_checkpoint(PASSIVE)")
      .catch(() => undefined)
      .then(() => {
        this.#checkpointTimer = undefined;
      });
  }
}

const isSchemaChange = ({ sql }: Step): boolean => /^\s*(?:CREATE|DROP|ALTER)\b/i.test(sql);

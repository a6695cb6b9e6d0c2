import { createHash, randomUUID } from "node:crypto";
import {
  appendFileSync,
  createReadStream,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { usageError } from "../exit-codes.ts";
import { addCounts, type ImportCounts, NO_ROWS, succeededOf } from "./import-counts.ts";
import { decodeText } from "./read/decode-text.ts";
import type { RefusedRow } from "./read/source-row.ts";
import { splitLines } from "./read/split-lines.ts";

/** The outcome of one batch. */
export interface BatchOutcome {
  /** The number of its first row. */
  readonly number: number;
  /** Its Idempotency-Key. */
  readonly key: string;
  readonly counts: ImportCounts;
  readonly refused: readonly RefusedRow[];
}

/** The state of an unfinished import on disk: a head line, then one JSON line per batch. */
export interface ImportJournal {
  /** Goes into every Idempotency-Key of this import, and of no other. */
  readonly identity: string;
  /** Returns the known outcome of the batch that begins at the row. Throws OperatorError if it was another batch. */
  outcomeOf(number: number, key: string): BatchOutcome | undefined;
  /** Whether an earlier run left it. */
  readonly isKnown: boolean;
  /** How many rows are stored, according to the journal. */
  readonly succeeded: number;
  /** Makes the Idempotency-Keys unique to this run. */
  renew(): void;
  /** Creates the file, before the first batch is sent. */
  begin(): void;
  add(outcome: BatchOutcome): void;
  remove(): void;
}

export interface JournalOptions {
  readonly file: string;
  /** The deployment and entity; a journal of another target is refused. */
  readonly target: string;
  /** Identifies the content of the file and how it is read. */
  readonly fingerprint: string;
  /** Whether to write all rows once more. */
  readonly again: boolean;
  /** Whether writing a row twice changes nothing. A journal of another file is then overwritten. */
  readonly isRepeatable: boolean;
}

interface Head {
  readonly target: string;
  readonly fingerprint: string;
  /** Not empty if the import may write what an earlier one wrote. */
  readonly salt: string;
}

/**
 * Names the journal: beside the imported file, by entity. Imports of one file into several deployments have a journal
 * each.
 */
export function journalFileOf(file: string, { entity, target }: { entity: string; target: string }): string {
  const plain = `${file}.${entity}.import`;
  const own = `${file}.${entity}.${createHash("sha256").update(target).digest("hex").slice(0, 8)}.import`;
  if (existsSync(own)) return own;
  return existsSync(plain) && targetOf(plain) !== target ? own : plain;
}

/** Opens the journal of an unfinished import, or begins one. Throws OperatorError for the journal of another import. */
export async function openJournal(options: JournalOptions): Promise<ImportJournal> {
  const { file, target, fingerprint, again, isRepeatable } = options;
  const known = !again && existsSync(file) ? await readJournal(options) : undefined;
  const isNew = again || isRepeatable;
  let head: Head = known?.head ?? { target, fingerprint, salt: isNew ? randomUUID() : "" };
  let isBegun = known !== undefined;
  let succeeded = [...(known?.outcomes.values() ?? [])].reduce(
    (sum, { counts }) => sum + succeededOf(counts),
    0,
  );
  return {
    get identity() {
      return head.fingerprint + head.salt;
    },
    get succeeded() {
      return succeeded;
    },
    isKnown: known !== undefined,
    outcomeOf(number, key) {
      const done = known?.outcomes.get(number);
      if (done && done.key !== key) throw changedSince(file, succeeded);
      return done;
    },
    renew() {
      head = { ...head, salt: randomUUID() };
      writeHead(file, head);
    },
    begin() {
      if (!isBegun) writeHead(file, head);
      isBegun = true;
    },
    add(outcome) {
      succeeded += succeededOf(outcome.counts);
      appendFileSync(file, `${JSON.stringify(outcome)}\n`);
    },
    remove: () => rmSync(file, { force: true }),
  };
}

const writeHead = (file: string, head: Head) =>
  writeFileSync(file, `${JSON.stringify(head)}\n`, { mode: 0o600 });

interface KnownJournal {
  readonly head: Head;
  /** By the number of their first row. */
  readonly outcomes: ReadonlyMap<number, BatchOutcome>;
}

/**
 * Returns undefined for a journal without a whole head, or one that may be overwritten. Removes a last line that is not
 * whole.
 */
async function readJournal(options: JournalOptions): Promise<KnownJournal | undefined> {
  const { file, target, fingerprint, isRepeatable } = options;
  let head: Head | undefined;
  let length = 0;
  const outcomes = new Map<number, BatchOutcome>();
  for await (const { text, isWhole } of splitLines(decodeText(createReadStream(file)))) {
    if (!isWhole) break;
    length += Buffer.byteLength(text) + 1;
    if (head) {
      const outcome = JSON.parse(text) as BatchOutcome;
      outcomes.set(outcome.number, outcome);
    } else head = JSON.parse(text) as Head;
  }
  if (!head) return undefined;
  if (head.target !== target) {
    throw usageError(
      `${file} belongs to another import, ${head.target}: delete it, or name another --state.`,
    );
  }
  if (head.fingerprint !== fingerprint) {
    if (isRepeatable) return undefined;
    const counts = [...outcomes.values()].map((outcome) => outcome.counts).reduce(addCounts, NO_ROWS);
    throw changedSince(file, succeededOf(counts));
  }
  truncateSync(file, length);
  return { head, outcomes };
}

/** Returns the target of a journal; undefined without a whole head. */
function targetOf(file: string): string | undefined {
  const [head = "", ...others] = readFileSync(file, "utf8").split("\n", 2);
  return others.length > 0 ? (JSON.parse(head) as Head).target : undefined;
}

const changedSince = (journal: string, succeeded: number) =>
  usageError(
    `The file, or how it is read, has changed since it was imported in part: ${succeeded} rows are stored. Do one of ` +
      "these:\n" +
      "  - Undo the change and run the same command: it goes on where it stopped.\n" +
      "  - Import the rows that are missing from a file of their own.\n" +
      "  - Add --upsert-by with a unique field: rows that are stored are changed, not added.\n" +
      `  - Add --again to store every row once more. The state is in ${journal}.`,
  );

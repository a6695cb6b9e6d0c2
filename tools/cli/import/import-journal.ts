import { randomUUID } from "node:crypto";
import { appendFileSync, createReadStream, existsSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { usageError } from "../exit-codes.ts";
import type { RefusedRow } from "./cut-batches.ts";
import { decodeUtf8 } from "./decode-utf8.ts";
import { splitLines } from "./split-lines.ts";

/** What became of one batch. */
export interface BatchOutcome {
  /** Line of its first row. */
  readonly line: number;
  /** Its Idempotency-Key. */
  readonly key: string;
  readonly succeeded: number;
  readonly refused: readonly RefusedRow[];
}

/** What an unfinished import has done, on disk: a head line, then one JSON line a batch. */
export interface ImportJournal {
  /** What the Idempotency-Keys of this import have in common, and those of no other. */
  readonly identity: string;
  /** Whether the batch that begins at the line has been done. Throws OperatorError when it was another batch. */
  isDone(line: number, key: string): boolean;
  /** Before a batch is sent: makes the file, so that an import which stops earlier leaves none. */
  begin(): void;
  add(outcome: BatchOutcome): void;
  remove(): void;
}

export interface JournalOptions {
  readonly file: string;
  /** What is imported where; a journal of something else is no journal of this. */
  readonly target: string;
  /** Of the file and the way it is read. */
  readonly fingerprint: string;
  /** Write the rows once more, whatever was done before. */
  readonly again: boolean;
  /** Is told what earlier runs have done. */
  onKnown(outcome: BatchOutcome): void;
}

interface Head {
  readonly target: string;
  readonly fingerprint: string;
  /** Not empty for an import that is meant to write the file's rows again. */
  readonly salt: string;
}

/** Goes on with the journal of an unfinished import, or begins one. Throws OperatorError for the journal of another. */
export async function openJournal(options: JournalOptions): Promise<ImportJournal> {
  const { file, target, fingerprint, again } = options;
  const known = !again && existsSync(file) ? await readJournal(options) : undefined;
  const head: Head = known?.head ?? { target, fingerprint, salt: again ? randomUUID() : "" };
  let isBegun = known !== undefined;
  return {
    identity: head.fingerprint + head.salt,
    isDone(line, key) {
      const done = known?.keys.get(line);
      if (done !== undefined && done !== key) throw changedSince();
      return done !== undefined;
    },
    begin() {
      if (!isBegun) writeFileSync(file, `${JSON.stringify(head)}\n`, { mode: 0o600 });
      isBegun = true;
    },
    add: (outcome) => appendFileSync(file, `${JSON.stringify(outcome)}\n`),
    remove: () => rmSync(file, { force: true }),
  };
}

interface KnownJournal {
  readonly head: Head;
  /** Idempotency-Keys of batches by their first line. */
  readonly keys: ReadonlyMap<number, string>;
}

/** Undefined for a journal that was cut off in its head. A last line that was cut off is taken away. */
async function readJournal(options: JournalOptions): Promise<KnownJournal | undefined> {
  const { file, onKnown } = options;
  let head: Head | undefined;
  let length = 0;
  const keys = new Map<number, string>();
  for await (const { text, isWhole } of splitLines(decodeUtf8(createReadStream(file)))) {
    if (!isWhole) break;
    length += Buffer.byteLength(text) + 1;
    if (head) {
      const outcome = JSON.parse(text) as BatchOutcome;
      keys.set(outcome.line, outcome.key);
      onKnown(outcome);
      continue;
    }
    head = JSON.parse(text) as Head;
    requireSameImport(head, options);
  }
  truncateSync(file, length);
  return head && { head, keys };
}

function requireSameImport(head: Head, { file, target, fingerprint }: JournalOptions): void {
  if (head.target !== target) {
    throw usageError(
      `${file} belongs to another import, ${head.target}: delete it, or name another --state.`,
    );
  }
  if (head.fingerprint !== fingerprint) throw changedSince();
}

const changedSince = () =>
  usageError(
    "The file, or how it is to be read, has changed since it was imported in part. Import corrected rows from a file " +
      "of their own, or all with --upsert-by; --again writes everything once more.",
  );

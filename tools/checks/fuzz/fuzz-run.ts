import { operationOf, type Parts } from "../../../test/support/find-operation.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { generateCall, tools } from "./generate-call.ts";
import { type FuzzRequest, generateRequest, operationsOf, type RequestGrammar } from "./generate-request.ts";
import { judgeAnswer } from "./judge-response.ts";
import type { FuzzedWorkspace } from "./make-workspace.ts";
import { type FuzzAnswer, sendRequest } from "./send-request.ts";

const CONCURRENCY = 16;
/** The share of requests that try operations that have not succeeded yet. */
const WANTED_SHARE = 0.4;
/** The share of requests that call tools of the MCP endpoint. */
const CALL_SHARE = 0.05;
const SHOWN_PROBLEMS = 3;
const REMEMBERED_IDS = 200;

export interface Finding {
  readonly problem: string;
  readonly sent: FuzzRequest;
  readonly answer: FuzzAnswer | undefined;
}

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** Receives each finding at once: a long run may be ended before its report. */
  readonly onFinding?: (finding: Finding) => void;
}

export interface FuzzReport {
  readonly requests: number;
  readonly statuses: ReadonlyMap<number, number>;
  /** `method /path` of the documents, and tools, for which no request succeeded. */
  readonly undone: readonly string[];
  /** One problem of each kind. */
  readonly findings: readonly Finding[];
}

export type GrammarOf = (seed: number) => RequestGrammar;

/** Sends requests, judges the responses, and keeps what was found. */
export class FuzzRun {
  readonly #target: FuzzTarget;
  readonly #options: FuzzOptions;
  readonly #others: readonly FuzzedWorkspace[];
  readonly #statuses = new Map<number, number>();
  readonly #findings = new Map<string, Finding>();
  readonly #undone = new Map<Parts, Set<string>>();
  #sentSoFar = 0;

  constructor(target: FuzzTarget, options: FuzzOptions, others: readonly FuzzedWorkspace[]) {
    this.#target = target;
    this.#options = options;
    this.#others = others;
  }

  get report(): FuzzReport {
    return {
      requests: this.#sentSoFar,
      statuses: this.#statuses,
      undone: [...this.#undone.values()].flatMap((left) => [...left]),
      findings: [...this.#findings.values()],
    };
  }

  async send(count: number, grammarOf: GrammarOf): Promise<void> {
    let left = count;
    const work = async () => {
      while (left-- > 0) await this.#sendOne(grammarOf(this.#options.seed + ++this.#sentSoFar));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  }

  expectSame(what: string, before: string | undefined, after: string | undefined): void {
    if (before === after) return;
    this.#note(`${what} has changed`, { method: "-", path: "", headers: {}, body: undefined }, undefined);
  }

  async #sendOne(grammar: RequestGrammar): Promise<void> {
    const left = this.#undoneIn(grammar);
    const sent = generateFrom(grammar, left);
    try {
      const answer = await sendRequest(this.#target.baseUrl, sent);
      if (answer.status < 300 && !answer.text.includes('"isError":true'))
        left.delete(sent.call ?? operationSent(grammar.document, sent));
      this.#statuses.set(answer.status, (this.#statuses.get(answer.status) ?? 0) + 1);
      const problems = [...judgeAnswer(grammar.document, sent, answer)];
      const told = answer.text + [...answer.headers];
      if (this.#others.some(({ marker }) => told.includes(marker)))
        problems.unshift("tells of another workspace");
      if (problems.length > 0) this.#note(problems.slice(0, SHOWN_PROBLEMS).join("; "), sent, answer);
      rememberId(grammar, sent, answer);
    } catch (failure) {
      this.#note(`no answer: ${failure}`, sent, undefined);
    }
  }

  /** The operations and tools that have not succeeded yet. */
  #undoneIn({ document, home }: RequestGrammar): Set<string> {
    const known = this.#undone.get(document);
    if (known) return known;
    const all = new Set([...operationsOf(document), ...(home === undefined ? [] : tools)]);
    this.#undone.set(document, all);
    return all;
  }

  #note(problem: string, sent: FuzzRequest, answer: FuzzAnswer | undefined): void {
    const kind = `${sent.method} ${problem.replaceAll(/\d+/g, "0")}`;
    if (this.#findings.has(kind)) return;
    const finding = { problem, sent, answer };
    this.#findings.set(kind, finding);
    this.#options.onFinding?.(finding);
  }
}

/** A request, or a call of a tool, often for an operation that has not succeeded yet. */
function generateFrom(grammar: RequestGrammar, undone: ReadonlySet<string>): FuzzRequest {
  const { random, home } = grammar;
  const isCall = home !== undefined && random.chance(CALL_SHARE);
  const wanted = random.chance(WANTED_SHARE)
    ? [...undone].filter((name) => tools.includes(name) === isCall)
    : [];
  const chosen = wanted.length > 0 ? { ...grammar, wanted, mutation: 0 } : grammar;
  return isCall ? generateCall(chosen) : generateRequest(chosen);
}

/** `get /path`. A path without a document has no operation. */
function operationSent(document: Parts, { method, path }: FuzzRequest): string {
  try {
    const template = operationOf(document, { method, path })?.template;
    return `${method.toLowerCase()} ${template}`;
  } catch {
    return "";
  }
}

/** Collections that are empty when a run begins. */
export const EMPTY_COLLECTIONS = ["admin-keys", "members"];

/** For all paths, or for those of its collection. */
function rememberId(
  { ids, places }: RequestGrammar,
  { path }: FuzzRequest,
  { status, text }: FuzzAnswer,
): void {
  if (status !== 201) return;
  const { id } = JSON.parse(text).data ?? {};
  if (id === undefined) return;
  const collection = EMPTY_COLLECTIONS.find((name) => path.split(/[/?]/).includes(name)) ?? "";
  const kept = (places[collection] ?? ids) as (string | number)[];
  kept.push(id);
  if (kept.length > REMEMBERED_IDS) kept.shift();
}

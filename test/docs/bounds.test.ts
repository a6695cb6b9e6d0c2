import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/* Each bound that docs/operations.md states is the one that the code has. */

const operations = readFileSync("docs/operations.md", "utf8");
const cells = operations
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) => line.split("|").map((cell) => cell.trim()));
const statedFor = (bound: string) => cells.find(([, first]) => first === bound)?.[2];

/** The value of a constant in a source file. */
function constant(place: string): number {
  const [file = "", name = ""] = place.split("#");
  const source = readFileSync(file, "utf8");
  const [, text = ""] = new RegExp(`const ${name} = ([\\d_ *+\\-]+);`).exec(source) ?? [];
  expect(text, place).not.toBe("");
  return Function(`return ${text}`)() as number;
}

const count = (n: number) => n.toLocaleString("en");
const seconds = (ms: number) => `${ms / 1000} s`;
const mib = (bytes: number) => `${bytes / 1024 / 1024} MiB`;
const million = (n: number) => `${n / 1_000_000} million`;
const SERVE = "tools/serve";
const LIMITS = "src/query/limits.ts";

it.each<[bound: string, places: readonly string[], text: (...values: readonly number[]) => string]>([
  ["a request's headers", [`${SERVE}/http-server.ts#HEADERS_MS`], seconds],
  ["a request's headers", [`${SERVE}/http-server.ts#MAX_HEADER_BYTES`], (bytes = 0) => `${bytes / 1024} KiB`],
  ["a whole request, with its body", [`${SERVE}/http-server.ts#REQUEST_MS`], seconds],
  ["a connection without a request", [`${SERVE}/http-server.ts#KEEP_ALIVE_MS`], seconds],
  ["open connections", [`${SERVE}/connection-bounds.ts#MOST_CONNECTIONS`], (n = 0) => `at most ${count(n)}`],
  ["response bytes that clients have not read", [`${SERVE}/options.ts#UNREAD_MIB`], (n) => `${n} MiB`],
  ["a response that the client does not read", [`${SERVE}/connection-bounds.ts#STALL_MS`], seconds],
  [
    "reads outside the main thread",
    [`${SERVE}/options.ts#FEWEST_READERS`, `${SERVE}/options.ts#MOST_READERS`],
    (fewest, most) => `${fewest} to ${most}`,
  ],
  ["reads and writes that wait", [`${SERVE}/engine/engine.ts#MAX_WAITING_READS`], count],
  ["reads and writes that wait", [`${SERVE}/engine/writer.ts#MAX_WAITING`], count],
  [
    "requests a minute with no or a wrong credential, by address",
    [`${SERVE}/options.ts#UNKNOWN_KEY_RATE`],
    count,
  ],
  ["a read", ["src/libsql/database.ts#DATABASE_TIMEOUT_MS"], seconds],
  ["request body", ["src/http/request/read-body.ts#MAX_BODY_BYTES"], mib],
  ["request body", ["src/http/request/read-body.ts#MAX_BODY_DEPTH"], (levels) => `${levels} levels`],
  ["text that a request writes, including defaults", [`${LIMITS}#MAX_WRITTEN_LENGTH`], count],
  ["text that the references of a transaction copy", [`${LIMITS}#MAX_COPIED_LENGTH`], count],
  ["items of a bulk request, operations of a transaction", [`${LIMITS}#MAX_BATCH_ITEMS`], count],
  ["`details` of an error", ["src/errors/app-error.ts#MAX_DETAILS"], count],
  ["time for a database request", ["src/libsql/database.ts#DATABASE_TIMEOUT_MS"], seconds],
  [
    "the same for schema changes, and for deleting a workspace or webhook",
    ["src/libsql/database.ts#LONG_WRITE_TIMEOUT_MS"],
    (ms = 0) => `${ms / 60_000} minutes`,
  ],
  [
    "text that patterns match in one request, RE2 instructions × characters",
    ["src/columns/pattern-budget.ts#MAX_REQUEST_STEPS"],
    million,
  ],
  ["records on a page", [`${LIMITS}#MAX_PAGE_SIZE`], count],
  [
    "conditions of a filter, levels of its tree",
    [`${LIMITS}#MAX_CONDITIONS`, `${LIMITS}#MAX_DEPTH`],
    (n, levels) => `${n}, ${levels}`,
  ],
  ["text of `like` and `ilike`", [`${LIMITS}#MAX_NEEDLE_LENGTH`], count],
  ["database response", [`${SERVE}/engine/connection.ts#MAX_RESULT_LENGTH`], mib],
  [
    "paths in `expand`, levels",
    [`${LIMITS}#MAX_EXPANSIONS`, `${LIMITS}#MAX_EXPAND_DEPTH`],
    (n, levels) => `${n}, ${levels}`,
  ],
  ["related records under one parent", [`${LIMITS}#MAX_EXPANDED_RECORDS`], count],
  [
    "related records behind a single record, behind a page",
    [`${LIMITS}#MAX_EXPANDED_IN_ALL`, `${LIMITS}#MAX_EXPANDED_ON_PAGE`],
    (one = 0, all = 0) => `${count(one)}, ${count(all)}`,
  ],
  ["text of related records", [`${LIMITS}#MAX_EXPANDED_BYTES`], (bytes = 0) => `${bytes / 1_000_000} MB`],
  [
    "entities of a workspace, columns of an entity",
    ["src/model/names.ts#MAX_ENTITIES", "src/model/names.ts#MAX_COLUMNS"],
    (entities, columns) => `${entities}, ${columns}`,
  ],
  ["references in a workspace", ["src/model/names.ts#MAX_REFERENCES"], count],
  ["webhooks of a workspace", ["src/services/webhooks/webhook.ts#MAX_WEBHOOKS"], count],
  [
    "`PATTERN`s of a column, RE2 instructions × column length",
    ["src/columns/constraints/text-constraints.ts#MAX_PATTERN_STEPS"],
    million,
  ],
  [
    "stored values of an event's `record` and `previous`",
    ["src/model/kept-bytes.ts#MAX_EVENT_BYTES"],
    (bytes = 0) => `${bytes / 1024} KiB`,
  ],
  [
    "webhook events, until all webhooks have received them",
    ["src/model/kept-bytes.ts#DEFAULT_KEPT_MIB"],
    (n) => `${n} MiB`,
  ],
  [
    "responses stored for `Idempotency-Key`s, 24 hours",
    ["src/model/kept-bytes.ts#DEFAULT_KEPT_MIB"],
    (n) => `${n} MiB`,
  ],
])("%s: the documented value is that of %j", (bound, places, text) => {
  expect(statedFor(bound)).toContain(text(...places.map(constant)));
});

it("a large body is as large as documented", () => {
  const bytes = constant("src/http/request/read-body.ts#LARGE_BODY_BYTES");
  expect(operations).toContain(`Bodies above ${bytes / 1024} KiB are parsed and used one at a time`);
});

it("the streams and turns of an isolate are the documented ones", () => {
  const [streams, served] = ["src/variables.ts#DEFAULT_STREAMS", "src/http/context.ts#PRINCIPAL_TURNS"].map(
    constant,
  );
  expect(operations).toContain(`| ${streams}, under \`npm run serve\` 32 |`);
  expect(operations).toContain(`at most ${served} database requests at once in each isolate`);
  const waiting = constant("src/libsql/turns.ts#MAX_WAITING");
  expect(operations.replaceAll("\n", " ")).toContain(`Up to ${waiting} more wait`);
});

import { csvParseRows } from "d3-dsv";
import { statusOfCode } from "../../../src/errors/codes.ts";
import { PROBLEM_TYPE } from "../../../src/errors/problem.ts";
import { operationOf, type Parts } from "../../../test/support/find-operation.ts";
import { contradictionsOf } from "../../../test/support/validate-response.ts";
import type { FuzzRequest } from "./generate-request.ts";
import type { FuzzAnswer } from "./send-request.ts";

/** What an error must not reveal about the database, the code or the machine. */
const LEAKS = [
  /SQLITE_\w+|sqlite_schema|no such (?:table|column|function)|near ".*?": syntax error|constraint failed/i,
  /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.*?\b(?:FROM|VALUES|SET|WHERE)\b/,
  /\bw\d+_[a-z]\w*/,
  /(?:TypeError|RangeError|SyntaxError|ReferenceError)\b|is not (?:a function|iterable)|Cannot read prop/,
  /\bat .*\.(?:ts|js):\d+|node_modules|drizzle|workerd|\[object \w+\]/,
  /(?:\/home|\/tmp|\/work|\/usr|\/root)\/\w+/,
];

/** The problems of a response. */
export function judgeAnswer(document: Parts, sent: FuzzRequest, answer: FuzzAnswer): readonly string[] {
  const { status, text } = answer;
  if (status >= 500 && !isChanging(answer)) return [`status ${status}`];
  if (status < 200) return [`status ${status}`];
  if (sent.call !== undefined) return leaks(sent, text);
  const problems = status >= 400 ? [...formProblems(sent, answer), ...leaks(sent, text)] : [];
  const exchange = { ...answer, method: sent.method, path: sent.path };
  if (status < 400)
    return isHealth(sent) ? [] : [...csvProblems(sent, answer), ...contradictionsOf(document, exchange)];
  return isKnown(document, sent) ? [...problems, ...contradictionsOf(document, exchange)] : problems;
}

/** The only 5xx that requests can cause: many simultaneous changes of one schema. */
const isChanging = ({ status, headers, text }: FuzzAnswer) =>
  status === 503 && text.includes('"SCHEMA_MIGRATION_IN_PROGRESS"') && headers.has("Retry-After");

/** Whether every reader of CSV sees a row for each record, and no spreadsheet a formula. */
function csvProblems({ path }: FuzzRequest, { headers, text }: FuzzAnswer): readonly string[] {
  if (!headers.get("Content-Type")?.startsWith("text/csv")) return [];
  const rows = csvParseRows(text);
  const isFormula = (cell: string) => /^[=@\t\r]/.test(cell) || /^[+-](?![\d.]+(?:e[+-]?\d+)?$)/i.test(cell);
  const formula = path.includes("escapeFormulas") ? undefined : rows.flat().find(isFormula);
  return [
    ...(new Set(rows.map(({ length }) => length)).size > 1 ? ["CSV rows of different lengths"] : []),
    ...(formula === undefined ? [] : [`a formula in CSV: ${formula}`]),
  ];
}

/** Health checks accept any parameter. */
const isHealth = ({ path }: FuzzRequest) => /^\/(?:healthz|readyz)\?/.test(path);

function isKnown(document: Parts, { method, path }: FuzzRequest): boolean {
  try {
    return operationOf(document, { method, path })?.operation !== undefined;
  } catch {
    return false;
  }
}

/** The form that the headers announce: problem details, or the envelope. */
function formProblems({ method }: FuzzRequest, { status, headers, text }: FuzzAnswer): readonly string[] {
  if (!headers.has("X-Request-Id")) return ["no X-Request-Id"];
  if (method === "HEAD") return [];
  let body: Readonly<Record<string, unknown>>;
  try {
    body = JSON.parse(text);
  } catch {
    return ["the error is no JSON"];
  }
  return headers.get("Content-Type") === PROBLEM_TYPE
    ? problemProblems(body, { status, requestId: headers.get("X-Request-Id") })
    : envelopeProblems(body, status);
}

const wrongCode = (code: unknown, status: number) =>
  statusOfCode[code as keyof typeof statusOfCode] === status ? [] : [`code ${code} at status ${status}`];

function problemProblems(
  { code, detail, errors, ...rest }: Readonly<Record<string, unknown>>,
  { status, requestId }: { readonly status: number; readonly requestId: string | null },
): readonly string[] {
  return [
    ...wrongCode(code, status),
    ...(typeof detail === "string" && detail.length > 0 ? [] : ["no detail"]),
    ...(Array.isArray(errors) ? [] : ["errors are no array"]),
    ...(rest.status === status && rest.requestId === requestId ? [] : ["another status or request id"]),
  ];
}

function envelopeProblems(body: Readonly<Record<string, unknown>>, status: number): readonly string[] {
  const { code, message, details, ...rest } = (body.error ?? {}) as Readonly<Record<string, unknown>>;
  return [
    ...wrongCode(code, status),
    ...(typeof message === "string" && message.length > 0 ? [] : ["no message"]),
    ...(details === undefined || Array.isArray(details) ? [] : ["details are no array"]),
    ...(Object.keys(rest).length === 0 && Object.keys(body).length === 1 ? [] : ["more than the envelope"]),
  ];
}

/** A client may get back what it has sent. */
function leaks({ path, body = "", headers }: FuzzRequest, text: string): readonly string[] {
  const sent = [path, decoded(path), body, unescaped(body), ...Object.values(headers)].join("\n");
  return LEAKS.flatMap((pattern) => {
    const [found] = pattern.exec(unescaped(text)) ?? [];
    return found === undefined || sent.includes(found) ? [] : [`leaks ${found}`];
  });
}

const unescaped = (json: string) => json.replaceAll(/\\(["\\/])/g, "$1");

/** Text that cannot be decoded stays the same, as it does in messages. */
const decoded = (path: string) =>
  path.replaceAll("+", " ").replaceAll(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });

import { NAME_PATTERN } from "../../../src/model/names.ts";
import { type Parts, resolved } from "../../../test/support/find-operation.ts";
import { type Grammar, generateJson, hostile, idOf, textOf } from "./generate-json.ts";
import { hostileBodies, hostileTexts, origins, tagForms } from "./hostile-values.ts";
import type { Random } from "./random.ts";

export interface FuzzRequest {
  readonly method: string;
  /** As sent: percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** To the MCP endpoint: of a tool, or else of a method. */
  readonly call?: string;
}

export interface RequestGrammar extends Grammar {
  /** Names in the workspace's own query language. */
  readonly words: readonly string[];
  /** Existing values of path parameters, by the part of the path before them, or by name. */
  readonly places: Readonly<Record<string, readonly string[]>>;
  /** Correct bodies by the end of `method /path`, for operations whose grammar rarely produces one. */
  readonly bodies: Readonly<Record<string, readonly object[]>>;
  /** `method /path`, or tools, of operations that must be covered, or else of any. */
  readonly wanted?: readonly string[] | undefined;
  /** The first is the usual one. */
  readonly tokens: readonly string[];
  /** The workspace's `/organization/workspace`, and the paths of others. */
  readonly home?: string;
  readonly elsewhere?: readonly string[];
}

const METHODS = ["get", "post", "put", "patch", "delete"];
const ODD_METHODS = ["HEAD", "OPTIONS", "PROPFIND", "TRACE", "LOCK", "PURGE"];

/** A request for some operation of the document, correct or nearly correct. */
export function generateRequest(grammar: RequestGrammar): FuzzRequest {
  const { document, random, mutation } = grammar;
  const [method = "", template = ""] = random.pick(grammar.wanted ?? operationsOf(document)).split(" ");
  const item: Parts = document.paths[template];
  const operation: Parts = item[method];
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(
    (parameter: Parts) => resolved(document, parameter) ?? {},
  );
  const server = document.servers[0].url.replace(/\/$/, "");
  const place = pathOf(grammar, template, parameters);
  const path = server + place + queryOf(grammar, place, parameters);
  const body = bodyOf(grammar, `${method} ${template}`, operation);
  const isBent = random.chance(mutation / 4);
  const isOdd = random.chance(mutation / 4);
  const request = {
    method: (isOdd ? random.pick([...METHODS, ...ODD_METHODS]) : method).toUpperCase(),
    path: isBent ? bent(random, path) : path,
    headers: headersOf(grammar, parameters, body !== undefined),
    body,
  };
  return random.chance(mutation / 4) ? toStranger(grammar, request) : request;
}

/** `get /path` for each operation. */
export const operationsOf = ({ paths }: Parts): readonly string[] =>
  Object.entries(paths as Parts).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => `${method} ${path}`),
  );

/** The same, for operations where no sent key may enter. */
export function toStranger(grammar: RequestGrammar, request: FuzzRequest): FuzzRequest {
  const { random, home, elsewhere, tokens } = grammar;
  if (!home || !elsewhere) return request;
  const headers = { ...request.headers, Authorization: `Bearer ${tokens[0]}` };
  return { ...request, path: request.path.replace(home, random.pick(elsewhere)), headers };
}

function pathOf(grammar: RequestGrammar, template: string, parameters: readonly Parts[]) {
  const { random, places, mutation } = grammar;
  return template.replaceAll(/(?<=([^/]*)\/)\{([^}]+)\}/g, (_, before: string, name: string) => {
    if (random.chance(mutation)) return encodeURIComponent(wellFormed(random.pick(hostileTexts))) || "%20";
    const known = places[before] ?? places[name] ?? [];
    if (known.length > 0) return encodeURIComponent(random.pick(known));
    if (name === "id" && random.chance(0.8)) return encodeURIComponent(idOf(grammar));
    const parameter = parameters.find((candidate) => candidate.name === name);
    return encodeURIComponent(wellFormed(textOf(random, parameter?.schema ?? {}) || "1"));
  });
}

const wellFormed = (text: string) => text.toWellFormed();

/** Ways to write an address that have fooled some server. */
function bent(random: Random, path: string): string {
  const [pathname = "", query = ""] = path.split("?");
  return random.pick([
    `/${path}`,
    path.replaceAll("/", "//"),
    `${pathname}/?${query}`,
    `${pathname}/..%2f..%2fadmin/v1/organizations`,
    `${pathname};a=b`,
    `${pathname}%00`,
    `${pathname}%`,
    `${pathname}%ff%fe`,
    pathname.toUpperCase(),
    pathname.replace("/api/v1", "/api/v1/%2e%2e"),
    `${pathname}.json`,
    `${path}${"&a=b".repeat(500)}`,
    `${pathname}?${"x".repeat(6000)}`,
  ]);
}

function queryOf(grammar: RequestGrammar, place: string, parameters: readonly Parts[]): string {
  const { random, mutation } = grammar;
  const pairs = parameters
    .filter(({ in: place, required, name }) => {
      return place === "query" && (required || random.chance(name === "confirm" ? 0.7 : 0.15));
    })
    .flatMap((parameter) => {
      const isConfirmed = parameter.name === "confirm" && random.chance(0.7);
      return isConfirmed ? [["confirm", place.split("/").at(-1) ?? ""]] : pairsOf(grammar, parameter);
    });
  if (random.chance(mutation / 2)) pairs.push([random.pick(hostileTexts), random.pick(hostileTexts)]);
  if (random.chance(mutation / 4) && pairs[0]) pairs.push(pairs[0]);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

function pairsOf(grammar: RequestGrammar, { name, style, schema }: Parts): string[][] {
  const { random, mutation } = grammar;
  if (random.chance(mutation)) return [[name, random.pick(hostileTexts)]];
  if (name === "cursor" && random.chance(0.5)) return [[name, random.pick(grammar.foreign.cursors)]];
  if (style === "deepObject") return filtersOf(grammar, name, schema);
  const type = resolved(grammar.document, schema)?.type;
  if (type === "string" && !schema.enum && !schema.format) return [[name, phrase(grammar)]];
  if (type !== "array") return [[name, plain(generateJson(grammar, schema))]];
  const count = 1 + random.below(2);
  const values = Array.from({ length: count }, () => arrayItem(grammar, schema.items));
  return style === "form" && !schema.explode
    ? [[name, values.join(",")]]
    : values.map((value) => [name, value]);
}

function arrayItem(grammar: RequestGrammar, items: Parts): string {
  const { random, document } = grammar;
  const { pattern, enum: values } = resolved(document, random.pick(items.anyOf ?? [items])) ?? {};
  if (random.chance(0.3)) return phrase(grammar);
  if (values) return random.pick(values);
  return pattern ? matching(grammar, pattern) : phrase(grammar);
}

/** A text for a pattern of names, in which only groups are optional or repeated. */
function matching({ random, words }: RequestGrammar, pattern: string): string {
  let text = pattern.slice(1, -1).replaceAll(NAME, "\x01").replaceAll("\\.", ".");
  while (/\([^()]*\)/.test(text))
    text = text.replace(/\(([^()]*)\)(\?|\*|\{1,\d\})?/, (_, choices: string, times?: string) => {
      const isLeftOut = times?.[0] !== "{" && times !== undefined && random.chance(0.5);
      return isLeftOut ? "" : random.pick(choices.split("|"));
    });
  return text.replaceAll("\x01", () => random.pick(words));
}

const NAME = NAME_PATTERN.source.slice(1, -1);

/** Terms of the workspace in an order that may make sense. */
function phrase({ random, words, mutation }: RequestGrammar): string {
  if (random.chance(mutation)) return random.pick(hostileTexts);
  const count = 1 + random.below(3);
  return Array.from({ length: count }, () => random.pick(words)).join(random.pick([".", ".", ","]));
}

const plain = (json: string): string => (/^"/.test(json) ? String(parsed(json)) : json);

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

function filtersOf(grammar: RequestGrammar, name: string, schema: Parts): string[][] {
  const { random, document } = grammar;
  if (random.chance(0.15)) return [[name, treeOf(grammar, 0)]];
  const filter = resolved(document, schema.anyOf[0]) ?? {};
  const known = Object.entries((filter.properties ?? {}) as Parts);
  return Array.from({ length: 1 + random.below(3) }, () => {
    if (known.length === 0 || random.chance(0.2)) return [`${name}[${phrase(grammar)}]`, phrase(grammar)];
    const [field, value] = random.pick(known);
    const values = Array.from({ length: 1 + random.below(3) }, () => plain(generateJson(grammar, value)));
    return [`${name}[${field}]`, /\.(in|notIn|between)$/.test(field) ? values.join(",") : (values[0] ?? "")];
  });
}

/** `{"and":[{"field":{"op":value}},…]}`, nested deep enough to be refused. */
function treeOf(grammar: RequestGrammar, depth: number): string {
  const { random, mutation } = grammar;
  const inner = () => treeOf(grammar, depth + 1);
  if (depth < 3 && random.chance(0.5)) return `{"${random.pick(["and", "or"])}":[${inner()},${inner()}]}`;
  if (depth < 3 && random.chance(0.3)) return `{"not":${inner()}}`;
  if (random.chance(mutation / 4)) return `${'{"not":'.repeat(300)}{}${"}".repeat(300)}`;
  const value = generateJson(grammar, { type: ["string", "integer", "boolean", "null", "array"], items: {} });
  const comparison = random.chance(0.4) ? value : `{"${random.pick(grammar.words)}":${value}}`;
  return `{${JSON.stringify(phrase(grammar))}:${comparison}}`;
}

function bodyOf(grammar: RequestGrammar, sent: string, { requestBody }: Parts): string | undefined {
  const { random, document, mutation, bodies } = grammar;
  const schema = resolved(document, requestBody)?.content?.["application/json"]?.schema;
  if (!schema) return random.chance(mutation / 4) ? random.pick(hostileBodies) : undefined;
  if (random.chance(mutation / 2)) return random.pick(hostileBodies);
  if (random.chance(mutation / 8)) return undefined;
  const [, right = []] = Object.entries(bodies).find(([end]) => sent.endsWith(end)) ?? [];
  const isRight = right.length > 0 && random.chance(0.5);
  const json = isRight ? nearly(grammar, random.pick(right)) : generateJson(grammar, schema);
  return random.chance(mutation / 4) ? json.slice(0, random.below(json.length)) : json;
}

/** Leaves some members out and replaces others. */
function nearly({ random, mutation }: RequestGrammar, right: object): string {
  const members = Object.entries(right)
    .filter(() => !random.chance(mutation / 2))
    .map(([name, value]) => {
      return `${JSON.stringify(name)}:${random.chance(mutation) ? hostile(random) : JSON.stringify(value)}`;
    });
  return `{${members.join(",")}}`;
}

const PRINTABLE = /^[\x20-\x7e]*$/;

function headersOf(
  grammar: RequestGrammar,
  parameters: readonly Parts[],
  hasBody: boolean,
): Record<string, string> {
  const { random, mutation, tokens } = grammar;
  const headers: Record<string, string> = {};
  const text = () => {
    const found = random.pick(hostileTexts).slice(0, 300);
    return PRINTABLE.test(found) ? found : encodeURIComponent(found.toWellFormed());
  };
  if (hasBody) headers["Content-Type"] = random.chance(mutation / 4) ? text() : "application/json";
  headers.Authorization = `Bearer ${tokens[0]}`;
  if (random.chance(mutation)) headers.Authorization = `Bearer ${random.pick(tokens)}`;
  if (random.chance(mutation / 8))
    headers.Authorization = random.pick([text(), "", "Basic Zm9vOmJhcg==", "Bearer"]);
  for (const { in: place, name } of parameters) {
    if (place !== "header" || !random.chance(0.2)) continue;
    headers[name] = random.chance(0.7) ? headerValue(grammar, name) : text();
  }
  if (random.chance(mutation / 2)) {
    const name = random.pick(EXTRA_HEADERS);
    headers[name] = random.chance(0.5) ? headerValue(grammar, name) : text();
  }
  if (random.chance(0.2)) headers.Accept = "application/problem+json";
  return headers;
}

/** A value that the header may well have. */
function headerValue({ random, foreign }: RequestGrammar, name: string): string {
  if (/^If-/.test(name)) return random.pick(tagForms)(random.pick(['"1"', '"1-abc"', ...foreign.headers]));
  if (name === "Origin") return encodeURI(random.pick(origins));
  if (name === "Access-Control-Request-Headers") return "authorization, traceparent, x-odd";
  return random.pick(["return=representation", "gzip", "text/csv", "POST", ...foreign.headers]);
}

const EXTRA_HEADERS = [
  "X-Request-Id",
  "Origin",
  "Accept",
  "Accept-Encoding",
  "Prefer",
  "If-Match",
  "If-None-Match",
  "Idempotency-Key",
  "X-Forwarded-For",
  "X-HTTP-Method-Override",
  "CF-Connecting-IP",
  "Access-Control-Request-Method",
  "Access-Control-Request-Headers",
  "Range",
  "Cookie",
];

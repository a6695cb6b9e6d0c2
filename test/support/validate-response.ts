import { type Schema, Validator } from "@cfworker/json-schema";
import { operationOf, type Parts, resolved } from "./find-operation.ts";

export interface Exchange {
  readonly method: string;
  /** Including the query, as sent. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Headers of the contract. A response that has one must be documented to have it. */
const CONTRACT_HEADERS = [
  "Allow",
  "ETag",
  "Idempotent-Replayed",
  "Location",
  "Preference-Applied",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "Server-Timing",
  "WWW-Authenticate",
  "X-Request-Id",
];

/** The contradictions between an exchange and the document. */
export function contradictionsOf(document: Parts, exchange: Exchange): readonly string[] {
  const { operation, parameters = [] } = operationOf(document, exchange) ?? {};
  if (!operation) return errorProblems(document, exchange);
  const response = resolved(document, operation.responses?.[String(exchange.status)]);
  if (!response) return [`status ${exchange.status} is not documented`];
  return [
    ...CONTRACT_HEADERS.filter((name) => exchange.headers.has(name) && !response.headers?.[name]).map(
      (name) => `header ${name} is not documented for ${exchange.status}`,
    ),
    ...(exchange.status < 300 ? unknownParameters(document, exchange, parameters) : []),
    ...(exchange.method === "HEAD" ? [] : bodyProblems(document, response, exchange)),
  ];
}

/** The contradiction of a request that the document does not know. */
function errorProblems(document: Parts, exchange: Exchange): readonly string[] {
  if (exchange.method === "OPTIONS" && exchange.status === 204) return [];
  const isError = [401, 404, 405].includes(exchange.status);
  if (!isError) return ["the document does not have what was asked"];
  const response =
    resolved(document, { $ref: `#/components/responses/Error${exchange.status}-response` }) ?? {};
  return exchange.method === "HEAD" ? [] : bodyProblems(document, response, exchange);
}

function unknownParameters(document: Parts, { path }: Exchange, parameters: readonly Parts[]): string[] {
  const known = new Map(
    parameters
      .map((parameter) => resolved(document, parameter) ?? {})
      .filter(({ in: place }) => place === "query")
      .map(({ name, schema }) => [name, schema]),
  );
  const sent = [...new URL(`https://edge.test${path}`).searchParams.keys()];
  return sent.flatMap((name) => {
    const [, base = name, property] = /^(\w+)\[(.*)\]$/.exec(name) ?? [];
    if (!known.has(base)) return [`parameter ${name} is not documented`];
    if (property === undefined) return [];
    const filter = resolved(document, known.get(base)?.anyOf?.[0]) ?? {};
    const patterns = Object.keys(filter.patternProperties ?? {});
    const isKnown =
      filter.properties?.[property] || patterns.some((pattern) => new RegExp(pattern).test(property));
    return isKnown ? [] : [`filter ${property} is not documented`];
  });
}

function bodyProblems(document: Parts, response: Parts, { headers, text }: Exchange): readonly string[] {
  if (!response.content) return text === "" ? [] : ["a body is not documented"];
  const type = headers.get("Content-Type")?.split(";")[0] ?? "none";
  const content = response.content[type];
  if (!content) return [`content type ${type} is not documented`];
  if (!type.endsWith("json") || type === "application/x-ndjson") return [];
  const { valid, errors } = validatorOf(document, content).validate(JSON.parse(text));
  return valid ? [] : errors.map(({ error, instanceLocation }) => `${instanceLocation} ${error}`);
}

const validators = new WeakMap<Parts, Validator>();

/**
 * JSON Schema has its own place for referenced schemas. A response contains nothing that its document does not name.
 */
function validatorOf(document: Parts, content: Parts): Validator {
  const known = validators.get(content);
  if (known) return known;
  const whole = { $defs: document.components.schemas, anyOf: [content.schema] };
  const text = JSON.stringify(whole).replaceAll("#/components/schemas/", "#/$defs/");
  const schema = JSON.parse(text, (_, part) => closed(part)) as Schema;
  const validator = new Validator(schema, "2020-12", false);
  validators.set(content, validator);
  return validator;
}

/**
 * The document leaves responses open, so that clients tolerate new fields. The tests require all fields to be
 * documented.
 */
function closed(part: unknown): unknown {
  if (typeof part !== "object" || part === null || !("properties" in part) || !("type" in part)) return part;
  return "additionalProperties" in part ? part : { ...part, additionalProperties: false };
}

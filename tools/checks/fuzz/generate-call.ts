import { hostile, idOf } from "./generate-json.ts";
import { type FuzzRequest, type RequestGrammar, toStranger } from "./generate-request.ts";
import { hostileTexts } from "./hostile-values.ts";

/** The arguments of each tool, required ones first. */
const TOOLS = {
  describe: [["entity"], []],
  list: [["entity"], ["filter", "fields", "expand", "sort", "cursor", "size"]],
  get: [
    ["entity", "id"],
    ["fields", "expand"],
  ],
  create: [["entity", "record"], []],
  update: [["entity", "id", "record"], []],
  delete: [["entity", "id"], []],
  aggregate: [
    ["entity", "measure"],
    ["groupBy", "filter", "sort"],
  ],
  nothing: [["entity"], ["record"]],
} as const;
const METHODS = ["tools/call", "tools/call", "tools/call", "tools/list", "initialize", "ping", "nothing"];

export const tools: readonly string[] = Object.keys(TOOLS).filter((name) => name !== "nothing");

/** A call of a tool of the workspace's MCP endpoint, which no document describes. It is correct or nearly correct. */
export function generateCall(grammar: RequestGrammar): FuzzRequest {
  const { document, random, mutation, tokens, foreign, words, bodies } = grammar;
  const text = () => JSON.stringify(random.chance(mutation) ? random.pick(hostileTexts) : random.pick(words));
  const value = () => (random.chance(mutation) ? hostile(random) : text());
  const tool = random.pick(grammar.wanted ?? Object.keys(TOOLS));
  const entity = random.pick(["Customer", "Order", "Tag"]);
  const right = bodies[`/${entity}${tool === "update" ? "/{id}" : ""}`] ?? [];
  const members: Readonly<Record<string, () => string>> = {
    entity: () => (random.chance(mutation) ? hostile(random) : `"${entity}"`),
    id: () => JSON.stringify(idOf(grammar)),
    record: () =>
      right.length > 0 && random.chance(0.5)
        ? JSON.stringify(random.pick(right))
        : `{"name":${value()},"label":${value()},${text()}:${value()}}`,
    filter: () => `{${text()}:{"eq":${value()}}}`,
    fields: () => `[${text()}]`,
    expand: () => `[${text()}]`,
    sort: () => `[${text()}]`,
    groupBy: () => `[${text()}]`,
    measure: () => (random.chance(0.5) ? '["count"]' : `["count",${text()}]`),
    cursor: () => JSON.stringify(random.pick([...foreign.cursors, "x"])),
    size: () => String(random.below(30)),
  };
  const [needed, others] = TOOLS[tool as keyof typeof TOOLS];
  const chosen = [...needed, ...others.filter(() => random.chance(0.3))];
  const sent = `{${chosen.map((name) => `"${name}":${members[name]?.()}`).join(",")}}`;
  const params = `{"name":"${tool}","arguments":${random.chance(mutation) ? hostile(random) : sent}}`;
  const method = grammar.wanted ? "tools/call" : random.pick(METHODS);
  const request = {
    method: "POST",
    path: document.servers[0].url.replace("/api/v1", "/mcp").replace(/\/$/, ""),
    headers: {
      Authorization: `Bearer ${random.chance(mutation) ? random.pick(tokens) : tokens[0]}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
    },
    body: `{"jsonrpc":"2.0","id":${random.below(9)},"method":"${method}","params":${params}}`,
    call: method === "tools/call" ? tool : method,
  };
  return random.chance(mutation / 2) ? toStranger(grammar, request) : request;
}

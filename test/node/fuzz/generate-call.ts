import { hostile } from "./generate-json.ts";
import type { FuzzRequest, RequestGrammar } from "./generate-request.ts";
import { hostileTexts } from "./hostile-values.ts";

/** What each takes: first what it must have. */
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

/** A call of a tool of the workspace's MCP endpoint, which no document describes; as it should be or nearly so. */
export function generateCall(grammar: RequestGrammar): FuzzRequest {
  const { document, random, mutation, tokens, ids, foreign, words } = grammar;
  const text = () => JSON.stringify(random.chance(mutation) ? random.pick(hostileTexts) : random.pick(words));
  const value = () => (random.chance(mutation) ? hostile(random) : text());
  const id = () => JSON.stringify(random.pick([...ids, ...foreign.ids]));
  const members: Readonly<Record<string, () => string>> = {
    entity: () =>
      random.chance(mutation) ? hostile(random) : `"${random.pick(["Customer", "Order", "Tag"])}"`,
    id,
    record: () => `{"name":${value()},"label":${value()},${text()}:${value()}}`,
    filter: () => `{${text()}:{"eq":${value()}}}`,
    fields: () => `[${text()}]`,
    expand: () => `[${text()}]`,
    sort: () => `[${text()}]`,
    groupBy: () => `[${text()}]`,
    measure: () => `["count",${text()}]`,
    cursor: () => JSON.stringify(random.pick([...foreign.cursors, "x"])),
    size: () => String(random.below(30)),
  };
  const [tool, [needed, others]] = random.pick(Object.entries(TOOLS));
  const chosen = [...needed, ...others.filter(() => random.chance(0.3))];
  const sent = `{${chosen.map((name) => `"${name}":${members[name]?.()}`).join(",")}}`;
  const params = `{"name":"${tool}","arguments":${random.chance(mutation) ? hostile(random) : sent}}`;
  return {
    method: "POST",
    path: document.servers[0].url.replace("/api/v1", "/mcp").replace(/\/$/, ""),
    headers: {
      Authorization: `Bearer ${random.chance(mutation) ? random.pick(tokens) : tokens[0]}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
    },
    body: `{"jsonrpc":"2.0","id":${random.below(9)},"method":"${random.pick(METHODS)}","params":${params}}`,
  };
}

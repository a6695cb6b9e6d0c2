import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { OperatorError } from "../../../tools/runtime/operator-error.ts";
import type { LoadRequest, Target } from "./target.ts";

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 1024 * 1024;
const MICROSECONDS_PER_MS = 1_000;
/** wrk measures no longer than this by itself. */
const REQUEST_TIMEOUT = "10s";

export interface WrkRound {
  readonly requestsPerSecond: number;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers of 400 and above. */
  readonly refused: number;
  /** Connections that failed and requests that timed out. */
  readonly broken: number;
}

/** Throws OperatorError when wrk is not installed. */
export async function requireWrk(): Promise<string> {
  try {
    await run("wrk", ["-v"]);
    return "wrk";
  } catch (error) {
    const { code, stdout } = error as { code?: string | number; stdout?: string };
    if (code === "ENOENT") {
      throw new OperatorError("The load generator wrk is not installed: apt-get install wrk");
    }
    return stdout?.split(" [")[0] ?? "wrk";
  }
}

/**
 * Writes the Lua script that sends the requests in turn and prints one line of JSON. With `quietAfter`, it sends nothing
 * more after so many seconds, because wrk cuts off the requests that run at its end, and the Worker loses their streams.
 */
export function writeScript(
  file: string,
  { headers, quietAfter }: Pick<Target, "headers"> & { readonly quietAfter?: number },
  requests: readonly LoadRequest[],
): void {
  const hasBody = requests.some(({ body }) => body !== undefined);
  const sent = { ...headers, ...(hasBody ? { "content-type": "application/json" } : {}) };
  const fields = Object.entries(sent).map(([name, value]) => `  [ ${quote(name)} ] = ${quote(value)},`);
  const specs = requests.map(({ method, path, body }) => {
    const text = body === undefined ? "nil" : quote(JSON.stringify(body));
    return `  { ${quote(method)}, ${quote(path)}, ${text} },`;
  });
  writeFileSync(
    file,
    SCRIPT.replace("-- HEADERS", () => fields.join("\n"))
      .replace("-- REQUESTS", () => specs.join("\n"))
      .concat(quietAfter === undefined ? "" : QUIET_END.replace("SECONDS", String(quietAfter))),
  );
}

/** Lua's long strings need no escapes; behind `[` they need a space. */
const quote = (text: string) => `[==[${text}]==]`;

const SCRIPT = `local headers = {
-- HEADERS
}
local specs = {
-- REQUESTS
}
local requests = {}
local index = 0
init = function()
  for i, spec in ipairs(specs) do requests[i] = wrk.format(spec[1], spec[2], headers, spec[3]) end
end
request = function()
  index = index % #requests + 1
  return requests[index]
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('RESULT {"requests":%d,"micros":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
`;

/** Lua's wall clock counts whole seconds. */
const QUIET_END = `local started = os.time()
delay = function()
  return os.time() - started < SECONDS and 0 or 60000
end
`;

export interface Load {
  readonly script: string;
  readonly baseUrl: string;
  readonly connections: number;
  readonly seconds: number;
}

/** One round of one thread. Throws when wrk itself fails. */
export async function runWrk({ script, baseUrl, connections, seconds }: Load): Promise<WrkRound> {
  const options = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", REQUEST_TIMEOUT, "-s", script];
  const { stdout } = await run("wrk", [...options, baseUrl], { maxBuffer: MAX_OUTPUT_BYTES });
  const [, json] = /^RESULT (.*)$/m.exec(stdout) ?? [];
  if (!json) throw new Error(`wrk printed no result: ${stdout}`);
  const { requests, micros, p50, p99, refused, broken } = JSON.parse(json) as Record<string, number> & {
    requests: number;
    micros: number;
    p50: number;
    p99: number;
    refused: number;
    broken: number;
  };
  return {
    requests,
    requestsPerSecond: (requests - refused) / (micros / 1_000_000),
    p50Ms: p50 / MICROSECONDS_PER_MS,
    p99Ms: p99 / MICROSECONDS_PER_MS,
    refused,
    broken,
  };
}

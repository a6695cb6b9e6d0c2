import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath, pathToFileURL } from "node:url";

/*
 * `npm run serve` with database requests counted by `X-Request-Id`, because the API suite checks round trips. Prints
 * `Counts on URL` and then the output of the server.
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const counts = new Map<string, number>();

const printed = execFileSync(process.execPath, ["tools/serve.js", "--build"], {
  cwd: ROOT,
  encoding: "utf8",
});
const [, build = ""] = /^Built (.+)$/m.exec(printed) ?? [];
const { main, Engine } = (await import(
  pathToFileURL(`${build}/main.js`).href
)) as typeof import("../../tools/serve/main.ts");

const { stepsFor } = Engine.prototype;
Engine.prototype.stepsFor = function countedStepsFor(requester) {
  const runSteps = stepsFor.call(this, requester);
  const requestId = requester?.request.headers.get("x-request-id");
  if (!requestId) return runSteps;
  return (steps, timeoutMs) => {
    counts.set(requestId, (counts.get(requestId) ?? 0) + 1);
    return runSteps(steps, timeoutMs);
  };
};

const statistics = createServer((request, response) => {
  const id = new URL(request.url ?? "", "http://localhost").searchParams.get("id") ?? "";
  response.end(JSON.stringify({ count: counts.get(id) ?? 0 }));
}).listen(0, "127.0.0.1", () => {
  console.log(`Counts on http://127.0.0.1:${(statistics.address() as AddressInfo).port}`);
  void main({ root: ROOT, build });
});

import { RequestStats } from "../../tools/libsql-server/http/request-stats.ts";
import { startHttpProxy } from "../support/processes/http-proxy.ts";

/* A proxy in front of a libSQL server that counts requests as the embedded server does with `--stats`. */

const MAX_COUNTED_IDS = 10_000;
const [target = ""] = process.argv.slice(2);
const stats = new RequestStats(MAX_COUNTED_IDS);

const { url } = await startHttpProxy(target, ({ path, requestId }) => {
  const { pathname, searchParams } = new URL(path, target);
  if (pathname === "/_stats/total") return answerCount(stats.total);
  if (pathname === "/_stats/requests") return answerCount(stats.count(searchParams.get("id") ?? ""));
  if (pathname.endsWith("/pipeline")) stats.record(requestId);
  return "PASS";
});
console.log(`Ready on ${url}`);

function answerCount(count: number) {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ count }) };
}

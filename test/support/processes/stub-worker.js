/*
 * A Worker for the tests of the runtime: what it answers is what its platform gives it.
 */
let scheduledRuns = 0;

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/healthz") return new Response("ok");
    if (pathname === "/scheduled") return Response.json({ scheduledRuns });
    if (pathname === "/kv") return Response.json(await exerciseKv(env.API_KEYS));
    if (pathname === "/database") return Response.json(await countMigrations(env));
    if (pathname === "/bindings") return Response.json(Object.keys(env).sort());
    if (pathname === "/webhook-network")
      return Response.json(await reach(env.WEBHOOK_NETWORK, await request.text()));
    if (request.method === "PUT") await env.API_KEYS.put(pathname.slice(1), await request.text());
    return new Response(await env.API_KEYS.get(pathname.slice(1)));
  },
  async scheduled(controller) {
    if (controller.cron) scheduledRuns++;
  },
};

async function exerciseKv(kv) {
  await kv.put("key:a", '{"n":1}');
  await kv.put("key:b", "2", { expirationTtl: 60 });
  await kv.put("other:ü %2F?&#", "3");
  const firstPage = await kv.list({ prefix: "key:", limit: 1 });
  const secondPage = await kv.list({ prefix: "key:", limit: 1, cursor: firstPage.cursor });
  const result = {
    json: await kv.get("key:a", { type: "json", cacheTtl: 300 }),
    missing: await kv.get("key:none"),
    odd: await kv.get("other:ü %2F?&#"),
    pages: [...firstPage.keys, ...secondPage.keys].map(({ name }) => name),
    isComplete: [firstPage.list_complete, secondPage.list_complete],
    refused: await kv.put("a/b", "").catch((error) => error.message),
  };
  await kv.delete("key:a");
  await kv.delete("key:a");
  await kv.delete("other:ü %2F?&#");
  return { ...result, deleted: await kv.get("key:a") };
}

/** The status of a POST, or that there is none. */
async function reach(network, url) {
  try {
    return { status: (await network.fetch(url, { method: "POST", body: "x" })).status };
  } catch {
    return { status: null };
  }
}

async function countMigrations(env) {
  const stmt = { sql: "SELECT count(*) FROM __drizzle_migrations" };
  const response = await fetch(`${env.LIBSQL_URL}/v2/pipeline`, {
    method: "POST",
    headers: { authorization: `Bearer ${env.LIBSQL_AUTH_TOKEN}` },
    body: JSON.stringify({ requests: [{ type: "execute", stmt }, { type: "close" }] }),
  });
  const { results } = await response.json();
  return { migrations: Number(results[0].response.result.rows[0][0].value) };
}

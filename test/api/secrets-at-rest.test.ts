import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { listen, makeMailbox, runSql } from "../support/webhooks.ts";
import { makeWorkspace } from "../support/workspace.ts";

it("neither the database nor KV holds a key or a webhook's secret, only what they can be known by", async () => {
  const w = await makeWorkspace({ name: "Note", columns: [] });
  const { id, key } = await w.createKey();
  const rotated = expectStatus(await w.admin("POST", `/api-keys/${id}/rotate`, { body: {} }), 200).body.data;
  const webhook = await listen(w, makeMailbox(), { enabled: false });
  const secrets = [w.key, key, rotated.key, webhook.secret].map((secret) => String(secret).slice(8));
  expect(secrets.every((secret) => secret.length > 20)).toBe(true);

  const tables = await runSql(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
  );
  const rows = await Promise.all(tables.map(([name]) => runSql(`SELECT * FROM "${name}"`)));
  const { keys } = await env.API_KEYS.list();
  const published = await Promise.all(keys.map(async ({ name }) => [name, await env.API_KEYS.get(name)]));
  const kept = JSON.stringify([rows, published]);
  expect(kept).toContain(id);
  for (const secret of secrets) expect(kept).not.toContain(secret);
});

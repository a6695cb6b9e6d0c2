import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { listen, makeMailbox } from "../support/webhooks.ts";
import { makeWorkspace } from "../support/workspace.ts";

it("neither the database nor KV contains a key or a webhook's secret in plain text", async () => {
  const w = await makeWorkspace({ name: "Note", columns: [] });
  const { id, key } = await w.createKey();
  const rotated = expectStatus(await w.admin("POST", `/api-keys/${id}/rotate`, { body: {} }), 200).body.data;
  const webhook = await listen(w, makeMailbox(), { enabled: false });
  const secrets = [w.key, key, rotated.key, webhook.secret].map((secret) => String(secret).slice(8));
  expect(secrets.every((secret) => secret.length > 20)).toBe(true);

  const { keys } = await env.API_KEYS.list();
  const published = await Promise.all(keys.map(async ({ name }) => [name, await env.API_KEYS.get(name)]));
  expect(await rowsWith(id)).not.toEqual([]);
  for (const secret of secrets) {
    expect(await rowsWith(secret)).toEqual([]);
    expect(JSON.stringify(published)).not.toContain(secret);
  }
});

/** The platform's tables that contain a text anywhere. */
async function rowsWith(text: string): Promise<readonly unknown[]> {
  const columns = await runSql(
    `SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT GLOB 'w[0-9]*_*' AND t.name NOT LIKE 'sqlite%'`,
  );
  /* One statement: a libSQL server has fewer connections than there are columns. */
  const searches = columns.map(
    ([table, column]) =>
      `SELECT '${table}' WHERE EXISTS (SELECT 1 FROM "${table}" WHERE instr("${column}", ?1) > 0)`,
  );
  return runSql(searches.join(" UNION ALL "), [text]);
}

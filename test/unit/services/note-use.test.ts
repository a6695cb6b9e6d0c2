import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { openServices } from "../../../src/http/context.ts";
import { mustNoteUse, noteUse } from "../../../src/services/api-keys/note-use.ts";

const NOW_MS = Date.parse("2026-01-01T00:00:00.000Z");
const services = (bindings: object) => ({
  ...openServices({ ...env, ...bindings }, crypto.randomUUID()),
  now: new Date(NOW_MS),
});
const isDueAfter = (keyId: string, seconds: number) => mustNoteUse(keyId, NOW_MS + seconds * 1000);

it("a use is written every 4 minutes, so that it is exact to 5", async () => {
  const keyId = crypto.randomUUID();
  expect(isDueAfter(keyId, 0)).toBe(true);
  await noteUse(services({}), keyId);
  expect([isDueAfter(keyId, 239), isDueAfter(keyId, 240), isDueAfter(keyId, 241)]).toEqual([
    false,
    true,
    false,
  ]);
});

it("a use that could not be written is retried soon, but not with every request", async () => {
  const keyId = crypto.randomUUID();
  expect(isDueAfter(keyId, 0)).toBe(true);
  await expect(noteUse(services({ LIBSQL_URL: `${env.LIBSQL_URL}/nowhere` }), keyId)).rejects.toThrow();
  expect([isDueAfter(keyId, 1), isDueAfter(keyId, 15)]).toEqual([false, true]);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AppError } from "../../../src/errors/app-error.ts";
import { admit } from "../../../src/fence/admit.ts";
import {
  type Belief,
  decodeFacts,
  factsStatement,
  fenceCondition,
  guardStatement,
} from "../../../src/fence/facts.ts";
import { ACCESS_MODES, type Need } from "../../../src/model/access-mode.ts";
import type { SqlValue, Statement } from "../../../src/model/sql-value.ts";
import { startLibsqlServer } from "../../../tools/libsql-server/start-libsql-server.ts";
import { migrateDatabase } from "../../../tools/migrate.ts";

/*
 * The rule of who may do what is in TypeScript (admit.ts). The rule of who may write is also in the database twice: as
 * a trigger for batches, and as a view for single statements.
 */

const NOW = new Date("2026-06-01T12:00:00.000Z");
const ENDS = [null, "2026-06-01T11:59:59.999Z", NOW.toISOString(), "2026-06-01T12:00:00.001Z"];
const LEASES = [null, 1, 4_102_444_800];

let directory: string;
let database: InstanceType<typeof Database>;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "write-fence-"));
  const file = join(directory, "data.db");
  const server = await startLibsqlServer({ file });
  await migrateDatabase(server);
  await server.close();
  database = new Database(file);
  database.exec(`
    INSERT INTO organizations (id, slug, name, created_at, updated_at) VALUES (1, 'o', 'O', '', '');
    INSERT INTO workspaces (id, organization_id, slug, name, revision, created_at, updated_at)
      VALUES (1, 1, 'w', 'W', 7, '', '');
    INSERT INTO api_keys (id, workspace_id, name, key_prefix, permission, version, created_at)
      VALUES ('k', 1, 'K', 'sk_live_', 'READ_WRITE', 3, '');
    INSERT INTO api_key_secrets (hash, key_id) VALUES ('h', 'k')`);
});
afterAll(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

const believing = (secretHash: string, version: number, workspace: { id: number; revision: number }) =>
  ({ actor: { kind: "KEY", secretHash, key: { version } }, view: { workspace } }) as Belief;

const BELIEFS = [
  believing("h", 3, { id: 1, revision: 7 }),
  believing("other", 3, { id: 1, revision: 7 }),
  believing("h", 2, { id: 1, revision: 7 }),
  believing("h", 3, { id: 1, revision: 6 }),
  believing("h", 3, { id: 2, revision: 7 }),
];

const isCondition = ({ sql, args }: Statement) =>
  database.prepare(`SELECT 1 WHERE ${sql}`).all(...args).length === 1;

function isGuard({ sql, args }: Statement): boolean {
  try {
    database.prepare(sql).run(...args);
    return true;
  } catch (error) {
    expect(String(error)).toContain("FENCE");
    return false;
  }
}

/** The decision of the TypeScript rule about the facts. */
function isAdmitted(belief: Belief, need: Need): boolean {
  const { sql, args } = factsStatement(belief);
  const rows = database
    .prepare(sql)
    .raw()
    .all(...args) as SqlValue[][];
  const ctx = { now: NOW, clientAddress: () => undefined };
  try {
    return admit(decodeFacts(rows), { ctx, belief, work: { need } }) === "HOLDS";
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return false;
  }
}

it.each(["READ", "WRITE", "SCHEMA", "MIGRATION", "MANAGE"] as const)(
  "the guard lets through in each access mode what the rule in TypeScript allows: %s",
  (need) => {
    database.exec("UPDATE api_keys SET revoked_at = NULL, expires_at = NULL");
    database.exec("UPDATE api_key_secrets SET valid_until = NULL");
    for (const mode of ACCESS_MODES)
      for (const lease of LEASES) {
        database.prepare("UPDATE workspaces SET access_mode = ?, migrating_until = ?").run(mode, lease);
        for (const belief of BELIEFS)
          expect(isGuard(guardStatement(belief, need, NOW)), `${mode} ${lease}`).toBe(
            isAdmitted(belief, need),
          );
      }
  },
);

it("is the same rule in all three places, whatever happened to key and workspace", () => {
  const setWorkspace = database.prepare("UPDATE workspaces SET access_mode = ?, migrating_until = ?");
  const setKey = database.prepare("UPDATE api_keys SET revoked_at = ?, expires_at = ?");
  const setSecret = database.prepare("UPDATE api_key_secrets SET valid_until = ?");
  const differing: unknown[] = [];
  let allowed = 0;
  for (const mode of ACCESS_MODES)
    for (const lease of LEASES)
      for (const revoked of [null, "2026-01-01T00:00:00.000Z"])
        for (const expiry of ENDS)
          for (const validity of ENDS) {
            setWorkspace.run(mode, lease);
            setKey.run(revoked, expiry);
            setSecret.run([validity]);
            for (const [i, belief] of BELIEFS.entries()) {
              const holds = isCondition(fenceCondition(belief, NOW));
              const passes = isGuard(guardStatement(belief, "WRITE", NOW));
              const isSame = holds === passes && holds === isAdmitted(belief, "WRITE");
              if (!isSame) differing.push({ mode, lease, revoked, expiry, validity, i });
              if (holds) allowed++;
            }
          }
  expect(differing).toEqual([]);
  /* Two modes, two leases, and of the end times none and the later one. */
  expect(allowed).toBe(2 * 2 * 2 * 2);
});

it("is the same for users, whatever has been revoked", () => {
  const issuedAt = new Date("2026-06-01T11:00:00.000Z");
  const user = { issuer: "https://id.example.com", subject: "ann", issuedAt };
  const beliefs = [
    { id: 1, revision: 7 },
    { id: 1, revision: 6 },
    { id: 2, revision: 7 },
  ].map((workspace) => ({ actor: { kind: "USER", user }, view: { workspace } }) as Belief);
  const times = ["2026-06-01T10:59:59.999Z", issuedAt.toISOString(), "2026-06-01T11:00:00.001Z"];
  const revocations = ["https://id.example.com", "https://other.example.com"].flatMap((issuer) =>
    ["", "ann", "bob"].flatMap((subject) => times.map((time) => [issuer, subject, time])),
  );
  const clear = database.prepare("DELETE FROM user_revocations");
  const revoke = database.prepare(
    "INSERT INTO user_revocations (workspace_id, issuer, subject, revoked_before) VALUES (1, ?, ?, ?)",
  );
  let allowed = 0;
  for (const mode of ACCESS_MODES)
    for (const revocation of [undefined, ...revocations]) {
      database.prepare("UPDATE workspaces SET access_mode = ?, migrating_until = NULL").run([mode]);
      clear.run();
      if (revocation) revoke.run(...revocation);
      for (const need of ["READ", "WRITE"] as const)
        for (const [i, belief] of beliefs.entries()) {
          const passes = isGuard(guardStatement(belief, need, NOW));
          expect(passes, `${mode} ${need} ${revocation} ${i}`).toBe(isAdmitted(belief, need));
          if (passes) allowed++;
        }
    }
  /* Nothing was revoked, or another issuer's, somebody else's, or earlier tokens: 1 + 9 + 3 + 2 ways. */
  expect(allowed).toBe(15 * (ACCESS_MODES.length + 2));
});

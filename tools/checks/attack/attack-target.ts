import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { ADMIN_TOKEN } from "../../../test/support/processes/counter-workspace.ts";
import { findFreePort, startServe } from "../../../test/support/processes/serve-process.ts";
import {
  makeServedWorkspace,
  type ServedWorkspace,
} from "../../../test/support/processes/served-workspace.ts";
import { createApiClient } from "../../seed/api-client.ts";

export interface AttackScale {
  /** Connections that an attacker tries to hold. */
  readonly connections: number;
  /** Records of the entity whose lists are expensive. */
  readonly records: number;
  /** Entities of the workspace with large documents. Each has 50 columns. */
  readonly entities: number;
}

/** The attacker's knowledge. */
export interface AttackTarget {
  readonly port: number;
  readonly path: string;
  readonly mcpPath: string;
  readonly readKey: string;
  readonly writeKey: string;
  readonly documentPath: string;
  readonly documentKey: string;
  readonly connections: number;
}

export interface AttackedServer {
  readonly pid: number | undefined;
  /** The size of the database and everything else that the server stores. */
  readonly directory: string;
  readonly baseUrl: string;
  readonly target: AttackTarget;
  /** The other workspace, which nobody attacks. It has record 1 of Note. */
  readonly quiet: ServedWorkspace;
  stop(): Promise<void>;
}

/** Each heavy condition finds its text at the end of the record, and only the last condition fails. */
export const TOKENS: readonly string[] = Array.from({ length: 49 }, (_, i) => `-${i}-`);
const TEXT = "a".repeat(1_000) + TOKENS.join("");
const PAGES = 1_000;
const PAGES_AT_ONCE = 100;
const PAGE_BYTES = 9_000;
const COLUMNS = 50;

const note = { name: "Note", columns: [{ name: "text", type: "TEXT" }] };
const remark = {
  name: "Remark",
  columns: [
    { name: "text", type: "TEXT" },
    { name: "noteId", references: { entity: "Note", relationship: "note", inverse: "remarks" } },
  ],
};
const page = { name: "Page", columns: [{ name: "text", type: "TEXT" }] };
const TEXTS = 9;
/**
 * Its records have 900 KB, and a change of `n` has a few bytes. A webhook that never responds listens to one of the
 * two.
 */
const large = (name: string) => ({
  name,
  columns: [
    ...Array.from({ length: TEXTS }, (_, i) => ({ name: `text${i}`, type: "TEXT" })),
    { name: "n", type: "INTEGER" },
  ],
});
/** Its pattern has almost 490 instructions for RE2. */
const code = {
  name: "Code",
  columns: [{ name: "text", type: "TEXT", constraints: [{ type: "PATTERN", value: "(a?){120}b" }] }],
};

/** Starts `npm run serve` with a workspace to attack, and one beside it. */
export async function startTarget(
  scale: AttackScale,
  variables: Readonly<Record<string, string>> = {},
): Promise<AttackedServer> {
  const directory = mkdtempSync(join(tmpdir(), "attack-"));
  const port = await findFreePort();
  const server = startServe(directory, port, { ADMIN_TOKEN, LOG_REQUESTS: "false", ...variables });
  const stop = async () => {
    server.child.kill("SIGTERM");
    await server.exited;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await server.waitFor("Ready on ");
    const { baseUrl } = server;
    const target = await fill(baseUrl, scale);
    writeNotes(join(directory, "data.db"), scale.records);
    return { pid: server.child.pid, directory, baseUrl, ...target, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function fill(
  baseUrl: string,
  { entities, connections }: AttackScale,
): Promise<Pick<AttackedServer, "target" | "quiet">> {
  const attacked = await makeServedWorkspace(
    baseUrl,
    note,
    remark,
    page,
    code,
    large("Watched"),
    large("Large"),
  );
  const quiet = await makeServedWorkspace(baseUrl, note);
  const wide = await makeServedWorkspace(baseUrl, ...wideEntities(entities));
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  await admin.require("PATCH", attacked.adminPath, { mcpMode: "FULL" });
  const created = await admin.require("POST", `${attacked.adminPath}/api-keys`, {
    name: "attacker",
    permission: "READ_ONLY",
  });
  await createApiClient(baseUrl, quiet.key).require("POST", `${quiet.path}/Note`, { text: "quiet" });
  await writePages(baseUrl, attacked);
  await writeLarge(baseUrl, attacked);
  const target = {
    port: Number(new URL(baseUrl).port),
    path: attacked.path,
    mcpPath: `/mcp/${attacked.organization}/${attacked.workspace}`,
    readKey: (created as { key: string }).key,
    writeKey: attacked.key,
    documentPath: `${wide.path}/openapi.json`,
    documentKey: wide.key,
    connections,
  };
  return { target, quiet };
}

const wideEntities = (entities: number): readonly object[] =>
  Array.from({ length: entities }, (_, i) => ({
    name: `Wide${i}`,
    columns: Array.from({ length: COLUMNS }, (_, j) => ({ name: `column${j}`, type: "VARCHAR" })),
  }));

async function writePages(baseUrl: string, { key, path }: ServedWorkspace): Promise<void> {
  const records = Array.from({ length: PAGES_AT_ONCE }, () => ({ text: "x".repeat(PAGE_BYTES) }));
  const client = createApiClient(baseUrl, key);
  for (let i = 0; i < PAGES; i += PAGES_AT_ONCE) await client.require("POST", `${path}/Page/bulk`, records);
}

async function writeLarge(baseUrl: string, { key, path, adminPath }: ServedWorkspace): Promise<void> {
  const client = createApiClient(baseUrl, key);
  const texts = Array.from({ length: TEXTS }, (_, i) => [`text${i}`, "x".repeat(100_000)]);
  const record = { n: 0, ...Object.fromEntries(texts) };
  for (const entity of ["Watched", "Large"])
    await client.require("POST", `${path}/${entity}?fields=id`, record);
  await createApiClient(baseUrl, ADMIN_TOKEN).require("POST", `${adminPath}/webhooks`, {
    name: "silent",
    url: "https://webhook.invalid/",
    events: ["record.updated"],
    entities: ["Watched"],
  });
}

/** Writes to the file: over HTTP this would take minutes. */
function writeNotes(file: string, records: number): void {
  const database = new Database(file, { timeout: 10_000 });
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${records})`;
  database.exec(`INSERT INTO w1_notes (text, _version) ${numbers} SELECT '${TEXT}', 1 FROM n`);
  database.exec(`INSERT INTO w1_remarks (text, note_id, _version) ${numbers} SELECT '${TEXT}', i, 1 FROM n`);
  database.close();
}

import { readJsonFile, writePrivateJson } from "../runtime/secrets.ts";
import { readAirData } from "./air-data.ts";
import { AIR_ENTITIES } from "./air-schema.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { createMissingRecords } from "./create-records.ts";

export interface DemoKeys {
  readonly readWriteKey: string;
  readonly readOnlyKey: string;
}

interface DemoState extends Partial<DemoKeys> {
  readonly isComplete?: boolean;
}

export interface SeedOptions {
  readonly baseUrl: string;
  readonly adminToken: string;
  /** Where the keys and the progress are kept, mode 0600. */
  readonly stateFile: string;
}

const WORKSPACE = "/admin/v1/organizations/demo/workspaces/air";
const RECORDS = "/api/v1/demo/air";
const CONFLICT = 409;
const REPORT_EVERY = 100;

/**
 * The demo workspace demo/air, made through the API alone. What is there stays: a second run, or one after an
 * interrupted one, adds only what is missing. Throws OperatorError when the API refuses something.
 */
export async function seedDemo({ baseUrl, adminToken, stateFile }: SeedOptions): Promise<DemoKeys> {
  const admin = createApiClient(baseUrl, adminToken);
  const state = await readValidState(baseUrl, stateFile);
  if (isSeeded(state)) return state;

  await admin.require("POST", "/admin/v1/organizations", { slug: "demo", name: "Demo" }, [CONFLICT]);
  const workspace = { slug: "air", name: "Air traffic" };
  await admin.require("POST", "/admin/v1/organizations/demo/workspaces", workspace, [CONFLICT]);
  for (const entity of AIR_ENTITIES) {
    const { status } = await admin.send("GET", `${WORKSPACE}/entities/${entity.name}`);
    if (status !== 200) await admin.require("POST", `${WORKSPACE}/entities`, entity);
  }
  const keys: DemoKeys = {
    readWriteKey: state.readWriteKey ?? (await createKey(admin, "Demo", "READ_WRITE")),
    readOnlyKey: state.readOnlyKey ?? (await createKey(admin, "Demo, read only", "READ_ONLY")),
  };
  writePrivateJson(stateFile, { ...keys, isComplete: false });
  await seedRecords(createApiClient(baseUrl, keys.readWriteKey));
  writePrivateJson(stateFile, { ...keys, isComplete: true });
  return keys;
}

/** The stored state, as far as the database still knows its keys. It may have been replaced since. */
async function readValidState(baseUrl: string, stateFile: string): Promise<DemoState> {
  const state = readJsonFile<DemoState>(stateFile) ?? {};
  if (!state.readWriteKey) return {};
  const { status } = await createApiClient(baseUrl, state.readWriteKey).send(
    "GET",
    `${RECORDS}/Airport?size=1`,
  );
  return status === 401 ? {} : state;
}

function isSeeded(state: DemoState): state is DemoKeys {
  return state.isComplete === true && !!state.readWriteKey && !!state.readOnlyKey;
}

async function createKey(admin: ApiClient, name: string, permission: string): Promise<string> {
  const created = await admin.require("POST", `${WORKSPACE}/api-keys`, { name, permission });
  return (created as { key: string }).key;
}

async function seedRecords(client: ApiClient): Promise<void> {
  const { airports, flights } = readAirData();
  await createMissingRecords(client, `${RECORDS}/Airport`, airports, reporter("airports", airports.length));
  await createMissingRecords(client, `${RECORDS}/Flight`, flights, reporter("flights", flights.length));
}

/** A line that is updated on a terminal. In a log, only its end is printed. */
function reporter(what: string, total: number): (done: number) => void {
  return (done) => {
    const isLast = done === total;
    if (!isLast && (!process.stdout.isTTY || done % REPORT_EVERY !== 0)) return;
    const start = process.stdout.isTTY ? "\r" : "";
    process.stdout.write(`${start}Demo data: ${done} of ${total} ${what}${isLast ? "\n" : ""}`);
  };
}

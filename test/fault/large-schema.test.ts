import { afterAll, beforeAll, expect, it } from "vitest";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { send } from "../support/processes/send.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";
import { startTestDatabase, type TestDatabase } from "../support/processes/test-database.ts";

/*
 * A libSQL server refuses rows of more than 5 MB and responses of more than 10 MB. A schema that it does not return would
 * make its workspace useless.
 */

/** 297 kB as stored. */
const DEFAULT = "€".repeat(99_000);
const MOST_TRIES = 30;

let database: TestDatabase;
let served: Served;
let w: ServedWorkspace;

beforeAll(async () => {
  database = await startTestDatabase();
  served = await serveWorker({ LIBSQL_URL: database.url });
  w = await makeServedWorkspace(served.baseUrl, {
    name: "Doc",
    columns: [{ name: "n", type: "INTEGER" }],
  });
  const created = await send(`${served.baseUrl}${w.path}/Doc`, {
    method: "POST",
    token: w.key,
    body: { n: 7 },
  });
  expect(created?.status).toBe(201);
});
afterAll(async () => {
  await served.stop();
  await database.stop();
});

async function askAdmin(method: string, path: string, body?: object) {
  const response = await send(`${served.baseUrl}${w.adminPath}${path}`, { method, token: ADMIN_TOKEN, body });
  if (!response) throw new Error(`${method} ${path} was not answered`);
  return { status: response.status, body: response.text === "" ? undefined : JSON.parse(response.text) };
}

/** Creates things until one is refused. Returns how many were created, and the error. */
async function createUntilRefused(path: string, make: (i: number) => object) {
  for (let i = 0; i < MOST_TRIES; i++) {
    const { status, body } = await askAdmin("POST", path, make(i));
    if (status !== 201) return { created: i, status, error: body.error };
  }
  throw new Error(`${path} was never refused`);
}

const withDefault = (name: string) => ({ name, type: "TEXT", default: DEFAULT });

/** The schema and the records can be read, and the records have their values. */
async function expectNothingLost(entities: number): Promise<void> {
  const { status, body } = await askAdmin("GET", "/schema");
  expect(status).toBe(200);
  expect(body.data.entities).toHaveLength(entities);
  expect(await w.records("Doc", "n")).toEqual([{ n: 7 }]);
}

it("an entity whose definition no row holds is refused, and nothing of it is stored", async () => {
  const { created, ...refusal } = await createUntilRefused("/entities/Doc/columns", (i) =>
    withDefault(`text${i}`),
  );
  expect(refusal).toEqual({
    status: 400,
    error: {
      code: "BAD_REQUEST",
      message:
        "The definition of 'Doc' is larger than 4.5 MB — shorten its defaults, values, patterns or descriptions",
    },
  });
  const { body } = await askAdmin("GET", "/entities/Doc");
  expect(body.data.columns).toHaveLength(1 + created);
  await expectNothingLost(1);
});

it("a workspace that no response holds is refused, and can be made smaller", async () => {
  const columns = ["a", "b", "c"].map(withDefault);
  const { created, ...refusal } = await createUntilRefused("/entities", (i) => ({
    name: `Large${i}`,
    columns,
  }));
  const tooLarge = {
    status: 400,
    error: {
      code: "BAD_REQUEST",
      message:
        "The entities, roles and webhooks of the workspace would be larger than 9 MB together — shorten defaults, values, descriptions or rules",
    },
  };
  expect(refusal).toEqual(tooLarge);
  await expectNothingLost(1 + created);

  const filter = { a: { in: Array.from({ length: 60 }, (_, i) => `${i}`.padEnd(1_000, "x")) } };
  const scopes = [{ entity: "Large1", operations: ["read"], filter }];
  const role = (i: number) => ({ name: `role${i}`, permission: "READ_ONLY", scopes });
  const roles = await createUntilRefused("/roles", role);
  expect(roles).toEqual({ created: roles.created, ...tooLarge });
  await expectNothingLost(1 + created);

  expect((await askAdmin("DELETE", "/entities/Large0?confirm=Large0")).status).toBe(204);
  expect((await askAdmin("POST", "/roles", role(roles.created))).status).toBe(201);
  await expectNothingLost(created);
});

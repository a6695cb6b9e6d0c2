import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { startCli } from "../support/processes/cli-process.ts";
import { ADMIN_TOKEN, type ServedDemo, serveDemo } from "../support/processes/served-demo.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CONFIG = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: "es2024",
    module: "esnext",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    noEmit: true,
    types: ["node"],
  },
};
const IMPORTS = `import createClient from "openapi-fetch";
import type { components, paths } from "./workspace.d.ts";
const client = createClient<paths, "application/json">();
type Filter = components["schemas"]["Flight-filter"];
const flight = { originId: 1, destinationId: 2, departsAt: "2001-01-01T00:00:00Z", delayMinutes: 0, distanceMiles: 9 };
`;

/** An addition to the demo's entities, which have no nullable enum and no defaults. */
const ADMIN_PATH = "/admin/v1/organizations/demo/workspaces/air";
const place = {
  name: "Place",
  columns: [
    { name: "title", type: "VARCHAR", nullable: false },
    { name: "kind", type: "ENUM", values: ["CITY", "TOWN"] },
    { name: "open", type: "BOOLEAN", nullable: false, default: false },
  ],
};

let demo: ServedDemo;
/** Inside the project, so that its packages are found. */
let directory: string;
beforeAll(async () => {
  mkdirSync(join(ROOT, ".data"), { recursive: true });
  directory = mkdtempSync(join(ROOT, ".data/typed-client-"));
  demo = await serveDemo();
  await createApiClient(demo.baseUrl, ADMIN_TOKEN).require("POST", `${ADMIN_PATH}/entities`, place);
});
afterAll(async () => {
  await demo?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const types = (...args: readonly string[]) =>
  startCli(["types", ...args], {
    SCHEMASTACK_URL: demo.baseUrl,
    SCHEMASTACK_ORG: "demo",
    SCHEMASTACK_WORKSPACE: "air",
    SCHEMASTACK_KEY: demo.key,
  }).ended;

const write = (name: string, text: string) => writeFileSync(join(directory, name), text);

/** Runs a program in the directory. Resolves with its output, whether or not it succeeds. */
const run = (program: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  new Promise<{ readonly succeeds: boolean; readonly text: string }>((finish) => {
    const options = { cwd: directory, env: { ...process.env, ...environment } };
    execFile(process.execPath, [...program], options, (error, stdout, stderr) => {
      finish({ succeeds: error === null, text: stdout + stderr });
    });
  });

const compile = (file: string) => {
  write("tsconfig.json", JSON.stringify({ ...CONFIG, files: [file] }));
  return run([join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."]);
};

/** The program in docs/openapi.md. */
function documentedClient(): string {
  const text = readFileSync(join(ROOT, "docs/openapi.md"), "utf8");
  const [, program = ""] = /^```ts\n(.*?)^```$/ms.exec(text) ?? [];
  return program;
}

describe("types", () => {
  it("are the same text for the same schema, on standard output and in a file", async () => {
    const printed = await types();
    expect(printed).toMatchObject({ code: 0, stderr: "" });
    const named = await types(join(directory, "workspace.d.ts"));
    expect(named.stdout).toBe(`Types written to ${join(directory, "workspace.d.ts")}\n`);
    expect(readFileSync(join(directory, "workspace.d.ts"), "utf8")).toBe(printed.stdout);
  });

  it("are refused with a wrong key, and nothing is printed", async () => {
    const { code, stdout, stderr } = await types("--key", "sk_live_wrong");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("Invalid API key");
  });

  it("make the documented client compile, and it works", async () => {
    await types(join(directory, "workspace.d.ts"));
    write("client.ts", documentedClient());
    expect(await compile("client.ts")).toEqual({ succeeds: true, text: "" });
    const ran = await run(["client.ts"], { EDGE: demo.baseUrl, API_KEY: demo.key });
    expect(ran).toEqual({
      succeeds: true,
      text: "161 Chicago\n154 Portland\n146 San Francisco\nTyped Field\n204\n",
    });
  });

  const query = (text: string) => `client.GET("/Flight", { params: { query: { ${text} } } });`;
  const right = [
    'client.POST("/Flight", { body: { ...flight, status: "EARLY" } });',
    'client.PATCH("/Flight/{id}", { params: { path: { id: 1 } }, body: { status: "DELAYED" } });',
    'client.PUT("/Flight/bulk", { body: [{ id: 1, delayMinutes: 2 }] });',
    'client.GET("/Flight/aggregate", { params: { query: { measure: ["count"] } } }).then(({ data }) => data?.data[0]?.count);',
    'client.POST("/transaction", { body: { operations: [{ method: "POST", entity: "Airport", body: { iata: "X" } }] } });',
    'client.POST("/Place", { body: { title: "x" } });',
    'client.POST("/Place", { body: { title: "x", kind: null, open: true } });',
    'client.PATCH("/Flight/{id}", { params: { path: { id: 1 } }, body: { status: "EARLY" } satisfies components["schemas"]["Flight-update"] });',
    query('filter: { status: "DELAYED", "delayMinutes.gte": 5, "origin.latitude.gt": 40 } satisfies Filter'),
    query('filter: JSON.stringify({ or: [{ status: "EARLY" }, { delayMinutes: 0 }] })'),
  ];
  const wrong: Readonly<Record<string, string>> = {
    "a field that is not there":
      'client.POST("/Flight", { body: { ...flight, status: "EARLY", gate: "B4" } });',
    "a value that the enum has not": 'client.POST("/Flight", { body: { ...flight, status: "LATE" } });',
    "a value that a nullable enum has not": 'client.POST("/Place", { body: { title: "x", kind: "NOPE" } });',
    "a field that is not there, beside no enum":
      'client.PATCH("/Flight/{id}", { params: { path: { id: 1 } }, body: { delayMinute: 2 } satisfies components["schemas"]["Flight-update"] });',
    "a field too many, beside no enum":
      'client.POST("/Place", { body: { title: "x", name: "y" } satisfies components["schemas"]["Place-create"] });',
    "a required field left out": 'client.POST("/Flight", { body: flight });',
    "null where none may be":
      'client.PATCH("/Flight/{id}", { params: { path: { id: 1 } }, body: { departsAt: null } });',
    "a text for a number":
      'client.PATCH("/Flight/{id}", { params: { path: { id: 1 } }, body: { delayMinutes: "5" } });',
    "an entity that is not there": 'client.GET("/Plane", {});',
    "an entity that is not there, in a transaction":
      'client.POST("/transaction", { body: { operations: [{ method: "POST", entity: "Plane", body: {} }] } });',
    "a path without its id": 'client.GET("/Flight/{id}", {});',
    "a field in an answer that is not there":
      'client.GET("/Flight", {}).then(({ data }) => data?.data.map(({ gate }) => gate));',
    "a filter of a field that is not there": query("filter: { delayMinutes: 5, gate: 4 } satisfies Filter"),
    "an operator that the field has not": query('filter: { "delayMinutes.startsWith": 1 } satisfies Filter'),
    "a filter with a value that the enum has not": query('filter: { status: "LATE" }'),
    "a record of a bulk update without its id, or what else it would need":
      'client.PUT("/Flight/bulk", { body: [{ delayMinutes: 2 }] });',
  };

  it("accept correct requests, and no incorrect ones", async () => {
    await types(join(directory, "workspace.d.ts"));
    const lines = [...right, ...Object.values(wrong)];
    write("mistakes.ts", `${IMPORTS}${lines.join("\n")}\nexport {};\n`);
    const { text } = await compile("mistakes.ts");
    const first = IMPORTS.split("\n").length;
    const failing = new Set(
      [...text.matchAll(/^mistakes\.ts\((\d+),/gm)].map(([, line]) => Number(line) - first),
    );
    expect(
      lines.filter((_, i) => failing.has(i)),
      text,
    ).toEqual(Object.values(wrong));
    expect(Math.min(...failing), text).toBe(right.length);
  });
});

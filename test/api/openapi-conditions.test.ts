import { beforeAll, describe, expect, it } from "vitest";
import { askAdmin, expectStatus } from "../support/api.ts";
import type { Parts } from "../support/find-operation.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* The operations for which a document lists If-Match are those that check it. */

const METHODS = ["get", "post", "put", "patch", "delete"];

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly listsIfMatch: boolean;
}

const operationsOf = (document: Parts): readonly Operation[] =>
  Object.entries(document.paths as Parts).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      path,
      method: method.toUpperCase(),
      listsIfMatch: JSON.stringify(item[method].parameters ?? []).includes("/If-Match-parameter"),
    })),
  );

/** How a request with an `If-Match` that does not hold ends. Other reads ignore it. */
const resultOf = (status: number, method: string) => {
  if (status === 412) return "checks If-Match";
  return status === 400 && method !== "GET" ? "refuses If-Match" : "ignores If-Match";
};

const expectedOf = ({ listsIfMatch, method }: Operation) => {
  if (listsIfMatch) return "checks If-Match";
  return method === "GET" ? "ignores If-Match" : "refuses If-Match";
};

let w: TestWorkspace;
let token: string;
beforeAll(async () => {
  w = await makeWorkspace({ name: "Item", columns: [{ name: "code", type: "VARCHAR", unique: true }] });
  expectStatus(await w.api("POST", "/Item", { body: { code: "a" } }), 201);
  token = (await w.createKey({ mayMintTokens: true })).key;
});

const headers = { "If-Match": '"another-tag"' };
const asked = (method: string, body: object) => ({ headers, ...(method !== "GET" && { body }) });

describe("If-Match is listed by", () => {
  it("the operations of a workspace that check it", async () => {
    const document = expectStatus(await w.api("GET", "/openapi.json", { token }), 200).body;
    const operations = operationsOf(document);
    expect(operations.filter(({ listsIfMatch }) => listsIfMatch).length).toBe(8);
    for (const operation of operations) {
      const path = operation.path.replace("{id}", "1").replace(/\{\w+\}/, "a");
      const { status } = await w.api(operation.method, path === "/" ? "" : path, {
        token,
        ...asked(operation.method, {}),
      });
      const name = `${operation.method} ${operation.path}`;
      expect([name, resultOf(status, operation.method)]).toEqual([name, expectedOf(operation)]);
    }
  });

  it("the operations of the admin API that check it", async () => {
    const document = expectStatus(await askAdmin("GET", "/openapi.json"), 200).body;
    const operations = operationsOf(document).filter(({ path }) => path.startsWith("/admin/v1"));
    expect(operations.filter(({ listsIfMatch }) => listsIfMatch).length).toBe(2);
    for (const operation of operations) {
      const path = operation.path
        .replace("/admin/v1", "")
        .replace("{organization}", w.organization)
        .replace("{workspace}", w.workspace)
        .replaceAll(/\{\w+\}/g, "none");
      const { status } = await askAdmin(operation.method, path, asked(operation.method, { entities: [] }));
      const name = `${operation.method} ${operation.path}`;
      expect([name, resultOf(status, operation.method)]).toEqual([name, expectedOf(operation)]);
    }
  });
});

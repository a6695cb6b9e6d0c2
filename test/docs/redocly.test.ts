import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { everyTypeCatalog } from "../support/openapi/every-type-catalog.ts";
import { lint } from "../support/openapi/lint.ts";
import { ADMIN_TOKEN, type ServedDemo, serveDemo } from "../support/processes/served-demo.ts";
import { shopCatalog } from "../support/shop-catalog.ts";
import { sketchCatalog } from "../support/sketch-catalog.ts";
import { scopedDocumentOf, wholeDocumentOf } from "../support/whole-document.ts";

const readsOrders = (operation: string, { id }: { id: string }) => operation === "read" && id === "e-Order";

it.each([
  ["of a shop", wholeDocumentOf(shopCatalog())],
  ["of every column type", wholeDocumentOf(everyTypeCatalog)],
  ["of a key that may only read orders", scopedDocumentOf(shopCatalog(), readsOrders)],
  ["of a workspace without entities", wholeDocumentOf(sketchCatalog([]))],
])("Redocly finds nothing in the document %s", (_, document) => {
  expect(lint(document)).toEqual([]);
});

it("reports a broken document, so that no report means something", () => {
  const { license: _, ...info } = { license: "", title: "Wrong", version: "1" };
  expect(lint({ openapi: "3.1.0", info, paths: {} }).length).toBeGreaterThan(0);
});

describe("as served", () => {
  let demo: ServedDemo;
  beforeAll(async () => {
    demo = await serveDemo();
  });
  afterAll(() => demo.stop());

  it.each([
    ["admin API", () => ({ path: "/admin/v1/openapi.json", token: ADMIN_TOKEN })],
    ["demo workspace", () => ({ path: "/api/v1/demo/air/openapi.json", token: demo.key })],
  ])("Redocly finds nothing in the document of the %s", async (_, addressOf) => {
    const { path, token } = addressOf();
    const response = await fetch(demo.baseUrl + path, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(200);
    expect(lint((await response.json()) as object)).toEqual([]);
  });
});

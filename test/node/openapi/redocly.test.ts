import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildWorkspaceDocument } from "../../../src/openapi/workspace-document.ts";
import { queryFacts } from "../../../src/services/openapi/query-facts.ts";
import { shopCatalog } from "../../support/shop-catalog.ts";
import { sketchCatalog } from "../../support/sketch-catalog.ts";
import { ADMIN_TOKEN, type ServedDemo, serveDemo } from "../support/served-demo.ts";
import { everyTypeCatalog } from "./every-type-catalog.ts";
import { lint } from "./lint.ts";

it.each([
  ["of a shop", buildWorkspaceDocument(shopCatalog(), queryFacts)],
  ["of every column type", buildWorkspaceDocument(everyTypeCatalog, queryFacts)],
  ["of a workspace without entities", buildWorkspaceDocument(sketchCatalog([]), queryFacts)],
])("Redocly finds nothing in the document %s", (_, document) => {
  expect(lint(document)).toEqual([]);
});

it("finds what is wrong, so that finding nothing means something", () => {
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

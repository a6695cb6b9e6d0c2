import { describe, expect, it } from "vitest";
import { buildAdminDocument } from "../../src/http/admin/document.ts";
import { adminTable } from "../../src/http/admin/routes.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/model/json.ts";
import type { Parts } from "../support/find-operation.ts";
import { everyTypeCatalog } from "../support/openapi/every-type-catalog.ts";
import { reference, sketchCatalog } from "../support/sketch-catalog.ts";
import { wholeDocumentOf } from "../support/whole-document.ts";

const names = [
  "order",
  "Order",
  "ORDER",
  "order_2",
  "page",
  "ETag",
  "apiKey",
  "shared",
  "Error400",
  "NotModified",
];
/** Names that differ only by case, and names of the product's own components. */
const strangeNames = sketchCatalog(
  names.map((name) => ({
    name,
    columns: [
      { name: "status", type: "ENUM", values: ["A"] },
      { name: "Status", type: "ENUM", values: ["B"] },
      reference("parentId", "Order", { relationship: "parent", inverse: `of_${name}` }),
    ],
  })),
);

describe.each([
  ["a workspace with strange names", () => wholeDocumentOf(strangeNames)],
  ["every column type", () => wholeDocumentOf(everyTypeCatalog)],
  ["the admin API", () => buildAdminDocument(adminTable)],
])("the document of %s", (_, make) => {
  const document: Parts = JSON.parse(JSON.stringify(make()));

  it("names every component differently, whatever the case and the section", () => {
    const found = Object.values(document.components as Parts).flatMap((named) => Object.keys(named));
    expect(repeated(found)).toEqual([]);
  });

  it("has unique operation ids that are valid method names", () => {
    const ids = Object.values(document.paths as Parts).flatMap((item) =>
      Object.values(item as Parts).flatMap(({ operationId }) => operationId ?? []),
    );
    expect(ids.filter((id) => !/^[a-z]\w*$/.test(id))).toEqual([]);
    expect(repeated(ids)).toEqual([]);
  });

  it("refers to nothing that is missing", () => {
    const missing = [...JSON.stringify(document).matchAll(/"#\/([^"]+)"/g)]
      .map(([, path = ""]) => path)
      .filter((path) => !path.split("/").reduce<Parts | undefined>((part, name) => part?.[name], document));
    expect(missing).toEqual([]);
  });

  it("describes the items of every list", () => {
    const bare = schemasIn(document).filter(({ type, items }) => {
      return (Array.isArray(type) ? type.includes("array") : type === "array") && items === undefined;
    });
    expect(bare).toEqual([]);
  });

  it("is closed for what is sent, and open for what is returned", () => {
    const isClosed = (schema: JsonObject) => schema.additionalProperties === false;
    const { sent, returned } = bodiesOf(document);
    expect(returned.filter(isClosed)).toEqual([]);
    /* Claims are open on purpose, and the document says so. */
    const isOpen = (schema: JsonObject) => !isClosed(schema) && schema.additionalProperties !== true;
    /* A schema without a type, or beside others in `allOf`, only adds conditions. */
    const isObject = ({ type, properties }: JsonObject) => type !== undefined && isJsonObject(properties);
    const conditions = new Set(sent.flatMap(({ allOf }) => (Array.isArray(allOf) ? allOf : [])));
    const objects = sent.filter((schema) => isObject(schema) && !conditions.has(schema));
    expect(objects.filter(isOpen)).toEqual([]);
  });
});

it("keeps an entity's name in operation ids, and numbers those that differ by case alone", () => {
  const { paths } = wholeDocumentOf(strangeNames) as Parts;
  const idOf = (name: string) => paths[`/${name}`].get.operationId;
  expect(["ORDER", "Order", "order", "order_2", "page"].map(idOf)).toEqual([
    "listORDER",
    "listOrder_3",
    "listOrder_4",
    "listOrder_2",
    "listPage",
  ]);
});

function repeated(found: readonly string[]): readonly string[] {
  const lower = found.map((name) => name.toLowerCase());
  return found.filter((_, i) => lower.indexOf(lower[i] ?? "") !== i);
}

/** Every object of a document, which includes its schemas. */
function schemasIn(value: JsonValue): readonly JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(schemasIn);
  if (!isJsonObject(value)) return [];
  return [value, ...Object.values(value).flatMap(schemasIn)];
}

/** Every schema in bodies of requests, and of responses. */
function bodiesOf(document: Parts) {
  const operations = Object.values(document.paths as Parts).flatMap((item) => Object.values(item as Parts));
  return {
    sent: reachable(
      document,
      operations.map(({ requestBody }) => requestBody ?? {}),
    ),
    returned: reachable(
      document,
      operations.map(({ responses }) => responses ?? {}),
    ),
  };
}

function reachable(document: Parts, roots: readonly JsonObject[]): readonly JsonObject[] {
  const found = new Set<JsonObject>();
  const visit = (root: JsonValue) => {
    for (const schema of schemasIn(root)) {
      if (found.has(schema)) continue;
      found.add(schema);
      const { $ref } = schema;
      if (typeof $ref !== "string") continue;
      const target = $ref
        .slice(2)
        .split("/")
        .reduce<Parts | undefined>((part, name) => part?.[name], document);
      visit((target ?? {}) as JsonObject);
    }
  };
  roots.forEach(visit);
  return [...found];
}

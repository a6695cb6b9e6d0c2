import { describe, expect, it } from "vitest";
import { shopCatalog } from "../support/shop-catalog.ts";
import { contradictionsOf } from "../support/validate-response.ts";
import { wholeDocumentOf } from "../support/whole-document.ts";

/* The suite's own check of every response must be able to fail. */

const document = JSON.parse(JSON.stringify(wholeDocumentOf(shopCatalog())));
const base = "/api/v1/acme/shop";

const answer = {
  method: "GET",
  path: `${base}/Customer/1`,
  status: 200,
  headers: new Headers({ "Content-Type": "application/json", ETag: '"1"', "X-Request-Id": "r" }),
  text: '{"data":{"id":1,"email":"a@example.com","country":null,"balance":"5"}}',
};

const json = (more: Record<string, string> = {}) =>
  new Headers({ "Content-Type": "application/json", ...more });
const error = (code: string) => `{"error":{"code":"${code}","message":"m"}}`;

describe("a response compared with the document", () => {
  it("that matches the document has no contradictions", () => {
    expect(contradictionsOf(document, answer)).toEqual([]);
  });

  it.each([
    ["an unknown path", { path: `${base}/Nothing/1` }],
    ["an unknown method", { method: "POST" }],
    ["an undocumented status", { status: 202 }],
    ["an unknown field", { text: '{"data":{"id":1,"other":1}}' }],
    ["a field of another type", { text: '{"data":{"id":"1"}}' }],
    ["a null where there is none", { text: '{"data":{"email":null}}' }],
    ["an unknown enum value", { path: `${base}/Order/1`, text: '{"data":{"status":"LOST"}}' }],
    ["an expansion of another kind", { path: `${base}/Order/1`, text: '{"data":{"customer":[]}}' }],
    ["no envelope", { text: '{"id":1}' }],
    ["another content type", { headers: new Headers({ "Content-Type": "text/html" }) }],
    ["an undocumented header", { headers: json({ Location: "/x" }) }],
    ["an undocumented parameter", { path: `${base}/Customer/1?page=1` }],
    [
      "an undocumented filter",
      { path: `${base}/Customer?filter[mail]=x`, text: '{"data":[],"meta":{"size":1}}' },
    ],
    ["an error code that does not exist", { status: 404, headers: json(), text: error("GONE") }],
    [
      "an error with more in it",
      { status: 404, headers: json(), text: '{"error":{"code":"NOT_FOUND"},"id":1}' },
    ],
    ["a body where there is none", { method: "DELETE", status: 204, headers: new Headers() }],
  ])("contradicts it with %s", (_, change) => {
    expect(contradictionsOf(document, { ...answer, ...change })).not.toEqual([]);
  });

  it.each([
    "filter[customer.email.like]=x",
    "filter[status]=NEW",
    "filter[status.in]=NEW,PAID",
    "sort=id,desc",
  ])("may have asked with %s", (query) => {
    const list = { path: `${base}/Order?${query}`, text: '{"data":[],"meta":{"size":1}}', headers: json() };
    expect(contradictionsOf(document, { ...answer, ...list })).toEqual([]);
  });
});

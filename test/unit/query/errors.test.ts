import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/errors/app-error.ts";
import { planAggregate } from "../../../src/query/plan/plan-aggregate.ts";
import { planExport, planList, planRecordView } from "../../../src/query/plan/plan-list.ts";
import { type QueryTarget, READ_EVERYTHING } from "../../../src/query/plan/target.ts";
import { shopCatalog } from "../../support/shop-catalog.ts";

const REFUSED = " — unknown parameters are refused, so that no typo goes unnoticed";

const catalog = shopCatalog({
  order: { expandableRelationships: null },
  customer: { filterableFields: ["email", "country"], expandableRelationships: ["orders"] },
});

function targetOf(name: string): QueryTarget {
  const entity = catalog.entities.get(name);
  if (!entity) throw new Error(name);
  return { catalog, entity, scope: READ_EVERYTHING };
}

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError && error.code === "BAD_REQUEST") return error.message;
    throw error;
  }
  return "accepted";
}

const nested = (levels: number) => `${'{"not":'.repeat(levels)}{"number":1}${"}".repeat(levels)}`;
const many = (count: number) => Array.from({ length: count }, (_, index) => index).join(",");

describe("a malformed list parameter is named, with its value", () => {
  it.each([
    ["sise=5", "Unknown parameter 'sise' — did you mean 'size'?"],
    ["fliter[number]=5", "Unknown parameter 'fliter[number]' — did you mean 'filter'?"],
    ["zzz=1", `Unknown parameter 'zzz'${REFUSED}`],
    ["page=-1", "Invalid page '-1' — must be an integer between 0 and 9007199254740"],
    ["page=1e3", "Invalid page '1e3' — must be an integer between 0 and 9007199254740"],
    [
      "page=99999999999999999999",
      "Invalid page '99999999999999999999' — must be an integer between 0 and 9007199254740",
    ],
    ["page=", "Invalid page '' — must be an integer between 0 and 9007199254740"],
    ["size=0", "Invalid size '0' — must be an integer between 1 and 1000"],
    ["size=1001", "Invalid size '1001' — must be an integer between 1 and 1000"],
    ["size=2&size=3", "Parameter 'size' is given more than once ('3')"],
    ["count=nope", "Invalid count 'nope' — must be 'none' or 'exact'"],
    ["page=1&cursor=", "Parameter 'page' (1) cannot be combined with 'cursor'"],
    ["cursor=abc", "Invalid cursor 'abc' — it is unreadable, or belongs to another entity or sort"],
    ["cursor=%00", "Invalid cursor '\u0000' — it is unreadable, or belongs to another entity or sort"],
    ["cursor=WzFd", "Invalid cursor 'WzFd' — it is unreadable, or belongs to another entity or sort"],
    [
      'filter={"number.gt":5}',
      `Operator 'gt' on Order.number takes its value in an object — {"number":{"gt":…}}`,
    ],
    ["sort=numbr", "Unknown field 'numbr' on Order — did you mean 'number'?"],
    ["sort=number,up", "Unknown sort direction 'up' in sort=number,up — use asc or desc"],
    [
      "sort=number,asc,first",
      "Unknown sort option 'first' in sort=number,asc,first — use nullsFirst or nullsLast",
    ],
    [
      "sort=number,asc,nullsLast,x",
      "Invalid sort 'number,asc,nullsLast,x' — must be field,asc|desc,nullsFirst|nullsLast",
    ],
    ["sort=", "Invalid sort '' — must be field, or field,asc|desc"],
    ["sort=lineItems.sku", "Cannot use 'lineItems.sku' in sort — 'lineItems' leads to many records"],
    [
      "sort=customer",
      "'customer' on Order is a relationship — name one of its fields, such as 'customer.id'",
    ],
    ["sort=a.b.c.d.e", "Path 'a.b.c.d.e' in sort goes through more than 3 relationships"],
    [
      Array.from({ length: 9 }, () => "sort=number").join("&"),
      "Parameter 'sort' is given 9 times — at most 8 keys",
    ],
    ["fields=", "Parameter 'fields' is empty ('') — name at least one field"],
    ["fields=id,numbr", "Unknown field 'numbr' on Order — did you mean 'number'?"],
    ["fields=customer.email", "Field 'customer.email' on Order needs expand=customer"],
    ["fields=customer", "Field 'customer' on Order needs expand=customer"],
    ["fields=customer.emial&expand=customer", "Unknown field 'emial' on Customer — did you mean 'email'?"],
    ["fields=number.x", "Field 'number.x' is unknown: 'number' on Order is not a relationship"],
    ["expand=custmer", "Unknown relationship 'custmer' on Order — did you mean 'customer'?"],
    ["expand=customer.referrer", "Relationship 'referrer' on Customer cannot be expanded"],
    ["expand=a,,b", "Malformed name '' in expand"],
  ])("%s", (query, message) => {
    expect(messageOf(() => planList(targetOf("Order"), new URLSearchParams(query)))).toBe(message);
  });
});

describe("a malformed filter is named, with its value", () => {
  it.each([
    ["filter[emial]=x", "Unknown field 'emial' on Order"],
    ["filter[numer]=x", "Unknown field 'numer' on Order — did you mean 'number'?"],
    ["filter[__proto__]=x", "Unknown field '__proto__' on Order"],
    ["filter[constructor.name]=x", "Unknown field 'constructor' on Order"],
    ["filter[number]=abc", "Invalid value 'abc' for filter[number] — must be an integer"],
    ["filter[number.gte]=1e400", "Invalid value '1e400' for filter[number.gte] — must be an integer"],
    ["filter[number.gtr]=1", "Unknown operator 'gtr' on Order.number — did you mean 'gt'?"],
    ["filter[number.like]=1", "Operator 'like' does not fit field 'number' on Order, which is INTEGER"],
    ["filter[isVip.gt]=true", "Operator 'gt' does not fit field 'isVip' on Order, which is BOOLEAN"],
    ["filter[extra]=1", "Operator 'eq' does not fit field 'extra' on Order, which is JSON"],
    ["filter[number.isNull]=maybe", "Invalid filter[number.isNull] 'maybe' — must be empty, true or false"],
    ["filter[number.between]=1", "Invalid filter[number.between] '1' — must be two values, a,b"],
    ['filter[note.in]="a', 'filter[note.in] has a misplaced quote: \'"a\' — write "a,b" and "" for a quote'],
    [
      'filter[note.in]=a"b',
      'filter[note.in] has a misplaced quote: \'a"b\' — write "a,b" and "" for a quote',
    ],
    [
      `filter[number.in]=${many(501)}`,
      `filter[number.in] lists more than 500 values: '${many(501).slice(0, 100)}…'`,
    ],
    [
      `filter[note.in]=${",".repeat(1_000_000)}`,
      `filter[note.in] lists more than 500 values: '${",".repeat(100)}…'`,
    ],
    ["filter[]=1", "Malformed name '' in filter"],
    ["filter[a..b]=1", "Malformed name 'a..b' in filter"],
    ["filter[number=1", "Malformed parameter 'filter[number' — write filter[field.op]=value"],
    ["filter[number][gte]=1", "Malformed parameter 'filter[number][gte]' — write filter[field.op]=value"],
    [
      "filter[customer]=1",
      "'customer' on Order is a relationship — name one of its fields, such as 'customer.id'",
    ],
    ["filter[customer.balance]=1", "Field 'balance' on Customer is not filterable"],
    ["filter[a.b.c.d.e]=1", "Path 'a.b.c.d.e' in filter goes through more than 3 relationships"],
    [
      Array.from({ length: 51 }, () => "filter[number]=1").join("&"),
      "The filter has more than 50 conditions",
    ],
    ...[
      '{"or":[EMPTY]}',
      '{"and":[EMPTY]}',
      '{"not":{"or":[EMPTY]}}',
      '{"or":[{"not":{"and":[EMPTY]}}]}',
    ].map((tree) => [
      `filter=${tree.replace("EMPTY", Array.from({ length: 51 }, () => "{}").join())}`,
      "The filter has more than 50 conditions",
    ]),
    ["filter={", "Parameter 'filter' is not valid JSON: '{'"],
    ["filter=[]", "Parameter 'filter' must be a JSON object: '[]'"],
    ["filter={}&filter={}", "Parameter 'filter' is given more than once ('{}')"],
    [`filter=${nested(6)}`, "Parameter 'filter' is nested more than 5 levels deep"],
    [`filter=${"[".repeat(60_000)}`, `Parameter 'filter' is not valid JSON: '${"[".repeat(100)}…'`],
    [
      `filter="${"x".repeat(70_000)}"`,
      `Parameter 'filter' is longer than 65536 characters: '"${"x".repeat(99)}…'`,
    ],
    ['filter={"number":"5"}', "Invalid value '5' for 'number' in filter — must be an integer"],
    [
      'filter={"number":{"in":[1,null]}}',
      "'number.in' in filter lists something that is not a plain value: '[1,null]'",
    ],
    ['filter={"number":{"in":5}}', "'number.in' in filter takes a list, not '5'"],
    ['filter={"number":{"between":[]}}', "'number.between' in filter takes a list of two values, not '[]'"],
    ['filter={"number":{"gt":null}}', "'number.gt' in filter does not take null — use isNull"],
    ['filter={"number":{"gtr":1}}', "Unknown operator 'gtr' on Order.number — did you mean 'gt'?"],
    ['filter={"number":{"eq":{"x":1}}}', "Operator 'eq' on Order.number does not take an object"],
    ['filter={"number":{"lt":{"gt":1}}}', "Operator 'lt' on Order.number does not take an object"],
    ['filter={"customer.email":{"in":{"x":1}}}', "Operator 'in' on Customer.email does not take an object"],
    ['filter={"extra":{"eq":{"x":1}}}', "Operator 'eq' does not fit field 'extra' on Order, which is JSON"],
    ['filter={"number":{"or":[{"gt":1}]}}', "Unknown operator 'or' on Order.number"],
    ['filter={"number":{"not":{"gt":1}}}', "Unknown operator 'not' on Order.number"],
    [
      'filter={"or":[{"number":1e400}]}',
      "Parameter 'filter' has a number that is too large: '{\"or\":[{\"number\":1e400}]}'",
    ],
    [
      `filter={"number":${"[".repeat(30_000)}${"]".repeat(30_000)}}`,
      "Parameter 'filter' is nested more than 64 levels deep",
    ],
    [
      'filter={"number":{"in":[1,-1e400]}}',
      "Parameter 'filter' has a number that is too large: '{\"number\":{\"in\":[1,-1e400]}}'",
    ],
    ['filter={"number":{}}', "Field 'number' in filter has an empty object as its condition"],
    ['filter={"number":[1]}', "'number.eq' in filter takes one value, not '[1]'"],
    ['filter={"or":{}}', "'or' in filter takes a list of objects, not '{}'"],
    ['filter={"or":[1]}', "'or' in filter takes a list of objects, not '[1]'"],
    ['filter={"not":[1]}', "'not' in filter takes an object, not '[1]'"],
    ['filter={"__proto__":{"x":1}}', "Unknown field '__proto__' on Order"],
    ['filter={"customer":{"emial":"x"}}', "Unknown field 'emial' on Customer — did you mean 'email'?"],
    ['filter={"note":{"isNull":"yes"}}', "'note.isNull' in filter takes true or false, not '\"yes\"'"],
  ])("%.60s", (query, message) => {
    const params = new URLSearchParams();
    for (const pair of query.split("&")) {
      const at = pair.indexOf("=");
      params.append(pair.slice(0, at), pair.slice(at + 1));
    }
    expect(messageOf(() => planList(targetOf("Order"), params))).toBe(message);
  });
});

describe("aggregates, exports and single records refuse the same way", () => {
  it.each([
    ["", "Parameter 'measure' is missing — for example measure=count or measure=sum,total"],
    ["measure=cuont", "Unknown measure 'cuont' — did you mean 'count'?"],
    ["measure=sum", "Invalid measure 'sum' — must be sum,field"],
    ["measure=count,id", "Invalid measure 'count,id' — must be count, without a field"],
    ["measure=sum,note", "Measure 'sum' does not fit field 'note', which is TEXT"],
    ["measure=count&groupBy=statu", "Unknown field 'statu' on Order — did you mean 'status'?"],
    ["measure=count&size=5", `Unknown parameter 'size'${REFUSED}`],
    [
      "measure=count&sort=total",
      "Cannot sort by 'total' — it is neither a group nor a measure of this request",
    ],
  ])("aggregate?%s", (query, message) => {
    expect(messageOf(() => planAggregate(targetOf("Order"), new URLSearchParams(query)))).toBe(message);
  });

  it.each([
    ["format=xml", "Invalid format 'xml' — must be csv or ndjson"],
    ["expand=customer", `Unknown parameter 'expand'${REFUSED}`],
    ["fields=customer.email", "Field 'customer.email' cannot be exported — an export has no 'expand'"],
  ])("export?%s", (query, message) => {
    expect(messageOf(() => planExport(targetOf("Order"), new URLSearchParams(query)))).toBe(message);
  });

  it("a record takes fields and expand only", () => {
    const refuse = () => planRecordView(targetOf("Order"), new URLSearchParams("feilds=id"));
    expect(messageOf(refuse)).toBe("Unknown parameter 'feilds' — did you mean 'fields'?");
  });
});

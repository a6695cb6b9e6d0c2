import { beforeAll, describe, expect, it } from "vitest";
import { askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { customer } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const TOTAL = 25;
let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(customer);
  for (let i = 0; i < TOTAL; i++) {
    const body = { email: `c${i}@example.com`, name: `Customer ${i}` };
    expectStatus(await w.api("POST", "/Customer", { body }), 201);
  }
});

describe("pages", () => {
  it("returns the first 20 records by id, with exact totals", async () => {
    const { body } = expectStatus(await w.api("GET", "/Customer"), 200);
    expect(body.meta).toEqual({ page: 0, size: 20, totalElements: TOTAL, totalPages: 2 });
    const ids = body.data.map((record: { id: number }) => record.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(ids).toHaveLength(20);
  });

  it("returns the rest on the next page and nothing past the end", async () => {
    const second = await w.api("GET", "/Customer?page=1");
    expect(second.body.data).toHaveLength(5);
    const past = await w.api("GET", "/Customer?page=7&size=10");
    expect(past.body).toEqual({ data: [], meta: { page: 7, size: 10, totalElements: TOTAL, totalPages: 3 } });
  });

  it.each([
    "page=-1",
    "page=x",
    "page=1.5",
    "page=",
    "size=0",
    "size=1001",
    "size=abc",
    "size=1e2",
    "page=1&page=2",
  ])("refuses %s", async (query) => {
    const answer = await w.api("GET", `/Customer?${query}`);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body.error.code).toBe("BAD_REQUEST");
    expect(answer.body.error.message).toContain(query.split("=")[0]);
  });

  it("refuses unknown parameters with a suggestion", async () => {
    const answer = await w.api("GET", "/Customer?pgae=1");
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain("did you mean 'page'");
  });

  it("refuses a query that is not percent-encoded UTF-8", async () => {
    const answer = await w.api("GET", "/Customer?page=%ff");
    expect(answer.status, answer.text).toBe(400);
  });

  it("costs one round trip", async () => {
    const { answer, roundTrips } = await askCounted("GET", `${w.apiPath}/Customer?size=5`, { token: w.key });
    expectStatus(answer, 200);
    expect(roundTrips).toBe(1);
  });

  it("has the right total after deletes", async () => {
    const { body } = await w.api("POST", "/Customer", { body: { email: "gone@example.com", name: "Gone" } });
    expectStatus(await w.api("DELETE", `/Customer/${body.data.id}`), 204);
    expect((await w.api("GET", "/Customer?size=1")).body.meta.totalElements).toBe(TOTAL);
  });
});

describe("pages, a walk by cursor and an export", () => {
  let walked: TestWorkspace;
  const ranks = [3, null, 1, 3, null, 2, 1];

  beforeAll(async () => {
    walked = await makeWorkspace(
      { name: "Route", columns: [{ name: "rank", type: "INTEGER", indexed: true }] },
      {
        name: "Step",
        columns: [
          { name: "rank", type: "INTEGER", indexed: true },
          { name: "weight", type: "DOUBLE" },
          { name: "serial", type: "BIGINT" },
          { name: "routeId", references: { entity: "Route", relationship: "route", inverse: "steps" } },
        ],
      },
    );
    for (const [index, rank] of ranks.entries()) {
      expectStatus(await walked.api("POST", "/Route", { body: { rank } }), 201);
      const weight = rank && rank / 3;
      const serial = rank && `900719925474099${rank}`;
      const body = { rank, weight, serial, routeId: index % 3 === 0 ? null : index };
      expectStatus(await walked.api("POST", "/Step", { body }), 201);
    }
  });

  it.each(
    [
      "id",
      "id,desc",
      "rank",
      "rank,desc",
      "weight",
      "serial,desc",
      "route.rank",
      "rank&sort=weight,desc",
    ].flatMap((sort) => ["", "&expand=route.steps"].map((expand) => [sort, expand])),
  )("give the same records, sort=%s%s", async (sort, expand) => {
    const query = `/Step?sort=${sort}${expand}`;
    const whole = expectStatus(await walked.api("GET", query), 200).body.data;
    expect(whole).toHaveLength(ranks.length);
    for (const size of [1, 2, 3, ranks.length, 20]) {
      expect(await pagesOf(query, size)).toEqual(whole);
      expect(await walk(query, size)).toEqual(whole);
    }
    const ids = await walked.api("GET", `/Step/export?format=ndjson&fields=id&sort=${sort}`);
    expect(
      ids.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).id),
    ).toEqual(whole.map(({ id }: { id: number }) => id));
  });

  async function pagesOf(query: string, size: number): Promise<unknown[]> {
    const found: unknown[] = [];
    for (let page = 0; page * size < ranks.length; page += 1)
      found.push(
        ...expectStatus(await walked.api("GET", `${query}&size=${size}&page=${page}`), 200).body.data,
      );
    return found;
  }

  async function walk(query: string, size: number): Promise<unknown[]> {
    const found: unknown[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { body } = expectStatus(await walked.api("GET", `${query}&size=${size}&cursor=${cursor}`), 200);
      found.push(...body.data);
      cursor = body.meta.nextCursor;
    }
    return found;
  }
});

describe("the largest filter that is allowed", () => {
  const values = Array.from({ length: 500 }, (_, index) => index + 1).join();
  const filters = Array.from({ length: 50 }, () => `filter[id.in]=${values}`).join("&");

  it("returns its records and the total", async () => {
    const { body } = expectStatus(await w.api("GET", `/Customer?fields=id&size=1&${filters}`), 200);
    expect(body).toMatchObject({ data: [{ id: 1 }], meta: { totalElements: TOTAL } });
  });

  it("works with a cursor over nulls and values of an indexed column", async () => {
    const sparse = await makeWorkspace({
      name: "Spot",
      columns: [{ name: "rank", type: "INTEGER", indexed: true }],
    });
    for (const rank of [null, 7, null, 5])
      expectStatus(await sparse.api("POST", "/Spot", { body: { rank } }), 201);
    const found: number[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const path = `/Spot?sort=rank&size=1&${filters}&cursor=${cursor}`;
      const { body } = expectStatus(await sparse.api("GET", path), 200);
      found.push(...body.data.map(({ id }: { id: number }) => id));
      cursor = body.meta.nextCursor;
    }
    expect(found).toEqual([1, 3, 4, 2]);
  });
});

describe("a cursor over long texts", () => {
  it("is short enough to send, or the request that would return it is refused", async () => {
    const long = await makeWorkspace({ name: "Note", columns: [{ name: "body", type: "TEXT" }] });
    for (const body of ["a".repeat(6_000), "b".repeat(6_000), "c".repeat(60_000), "d".repeat(60_000)]) {
      expectStatus(await long.api("POST", "/Note", { body: { body } }), 201);
    }
    const path = "/Note?sort=body&fields=id&cursor=";
    const first = expectStatus(await long.api("GET", `${path}&size=1`), 200);
    const cursor = first.body.meta.nextCursor;
    const second = expectStatus(await long.api("GET", `${path}${cursor}&size=1`), 200);
    expect(second.body.data).toEqual([{ id: 2 }]);
    expectFailure(await long.api("GET", `${path}${second.body.meta.nextCursor}&size=1`), 400, {
      code: "BAD_REQUEST",
      message:
        "Cannot continue by cursor: a value of 'body' makes it longer than 8192 characters — use page, or another sort",
    });
    const paged = expectStatus(await long.api("GET", "/Note?sort=body&fields=id&size=1&page=3"), 200);
    expect(paged.body.data).toEqual([{ id: 4 }]);
  });
});

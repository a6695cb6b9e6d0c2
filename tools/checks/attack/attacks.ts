import { randomBytes } from "node:crypto";
import { pause } from "../../../src/lib/clock.ts";
import { type AttackTarget, TOKENS } from "./attack-target.ts";
import { type Held, hold, type Shot, shoot } from "./shoot.ts";

/** An attack never ends by itself. `count` receives each outcome. */
export interface Attack {
  readonly what: string;
  run(target: AttackTarget, count: (outcome: string) => void): Promise<unknown>;
}

const REOPEN_MS = 2_000;
/** The connections of an attack open within this time. */
const OPENING_MS = 3_000;
const GONE_AFTER_MS = 300;
const BODIES_SHARE = 0.3;
const MANY = 32;
const FEW = 8;

export const ATTACKS: Readonly<Record<string, Attack>> = {
  "A1 heads": {
    what: "connections without a key that send half a head",
    run: holdMany(({ connections }) => connections, {
      isRead: true,
      text: () => "GET /healthz HTTP/1.1\r\nHost: x\r\n",
    }),
  },
  "A1 bodies": {
    what: "POSTs of a READ_ONLY key without the body that they announce",
    run: holdMany(({ connections }) => connections * BODIES_SHARE, {
      isRead: true,
      text: ({ path, readKey }) =>
        headOf("POST", `${path}/Note`, readKey, "Content-Type: application/json\r\nContent-Length: 100\r\n"),
    }),
  },
  "A2 abandoned": {
    what: "lists with 50 `ilike`, whose client is gone after 0.3 s",
    run: repeat(FEW, ({ path, readKey }) => ({
      path: `${path}/Note?${HEAVY}&count=none`,
      key: readKey,
      goneAfterMs: GONE_AFTER_MS,
    })),
  },
  "A2 lists": {
    what: "lists with 50 `ilike`, whose client waits",
    run: repeat(FEW, ({ path, readKey }) => ({ path: `${path}/Note?${HEAVY}`, key: readKey })),
  },
  "A2 to-many": {
    what: "lists that filter, sort and expand through to-many",
    run: repeat(FEW, ({ path, readKey }) => ({
      path: `${path}/Note?filter[remarks.text.ilike]=a-0-&sort=text&size=1000&expand=remarks`,
      key: readKey,
    })),
  },
  "A2 needle": {
    what: "lists with a `like` of 60 KB",
    run: repeat(FEW, ({ path, readKey }) => ({
      path: `${path}/Note?filter[text.like]=${"a".repeat(60_000)}`,
      key: readKey,
    })),
  },
  A3: {
    what: "bulk updates of 100 × one record of 900 KB, with a webhook",
    run: repeat(FEW, ({ path, writeKey }) => ({
      method: "PUT",
      path: `${path}/Watched/bulk`,
      key: writeKey,
      body: changesOfLarge(),
    })),
  },
  A4: {
    what: "the same with an Idempotency-Key and an item that fails",
    run: repeat(FEW, ({ path, writeKey }) => ({
      method: "PUT",
      path: `${path}/Large/bulk`,
      key: writeKey,
      body: changesOfLarge(0),
      isIdempotent: true,
    })),
  },
  "A5 unread": {
    what: "480 lists of 9 MB that nobody reads",
    run: holdMany(({ connections }) => Math.min(480, connections), {
      isRead: false,
      text: ({ path, readKey }) => headOf("GET", `${path}/Page?size=1000`, readKey),
    }),
  },
  "A5 errors": {
    what: "a body of 850 KB with 100,000 unknown fields",
    run: repeat(
      FEW,
      ({ path, writeKey }) => ({ method: "POST", path: `${path}/Note`, key: writeKey, body: UNKNOWN_FIELDS }),
      true,
    ),
  },
  "A5 items": {
    what: "a bulk of 100 records with 1,000 unknown fields each",
    run: repeat(
      FEW,
      ({ path, writeKey }) => ({
        method: "POST",
        path: `${path}/Note/bulk`,
        key: writeKey,
        body: UNKNOWN_OF_ITEMS,
      }),
      true,
    ),
  },
  A9: {
    what: "wrong admin tokens",
    run: repeat(MANY, () => ({
      path: "/admin/v1/organizations",
      key: randomBytes(24).toString("hex"),
    })),
  },
  "A10 pattern": {
    what: "bulks of 1 MB for a pattern of 490 instructions",
    run: repeat(FEW, ({ path, writeKey }) => ({
      method: "POST",
      path: `${path}/Code/bulk`,
      key: writeKey,
      body: CODES,
    })),
  },
  "A10 numbers": {
    what: "bodies of 1 MB with 500,000 numbers, one of them inexact",
    run: repeat(FEW, ({ path, writeKey }) => ({
      method: "POST",
      path: `${path}/Note`,
      key: writeKey,
      body: NUMBERS,
    })),
  },
  "A10 tool": {
    what: "MCP calls with 250,000 entries of `sort`",
    run: repeat(FEW, ({ mcpPath, readKey }) => ({
      method: "POST",
      path: mcpPath,
      key: readKey,
      body: LONG_SORT,
    })),
  },
  "A10 document": {
    what: "the OpenAPI document of 200 entities with 50 columns",
    run: repeat(FEW, ({ documentPath, documentKey }) => ({ path: documentPath, key: documentKey })),
  },
  A11: {
    what: "requests without a key, each from another address",
    run: repeat(MANY, ({ path }) => ({ path: `${path}/Note/1`, from: nextAddress() })),
  },
};

const HEAVY = [...TOKENS, "absent"].map((token) => `filter[text.ilike]=${token}`).join("&");
const unknownFields = (count: number, first = 0) =>
  `{${Array.from({ length: count }, (_, i) => `"${(first + i).toString(36)}":1`).join(",")}}`;
const UNKNOWN_FIELDS = unknownFields(100_000);
const UNKNOWN_OF_ITEMS = `[${Array.from({ length: 100 }, (_, i) => unknownFields(1_000, i * 1_000)).join(",")}]`;
const CODES = JSON.stringify(Array.from({ length: 10 }, () => ({ text: "a".repeat(100_000) })));
const LONG_SORT = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "list", arguments: { entity: "Note", sort: Array.from({ length: 250_000 }, () => "") } },
});

const NUMBERS = `{"text":[1e-400${",0".repeat(500_000)}]}`;

let changes = 0;
/** A bulk body that changes the same record 100 times, and those of other ids, which do not exist, not. */
const changesOfLarge = (...absent: readonly number[]): string =>
  JSON.stringify(
    [...Array.from({ length: 100 - absent.length }, () => 1), ...absent].map((id) => ({ id, n: ++changes })),
  );

let addresses = 0;
/** One of 127.1.0.1 to 127.254.255.250. */
function nextAddress(): string {
  const n = addresses++;
  return `127.${1 + (Math.floor(n / 64_000) % 254)}.${Math.floor(n / 250) % 256}.${1 + (n % 250)}`;
}

const headOf = (method: string, path: string, key: string, more = ""): string =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n${more}\r\n`;

/** Holds so many connections, and reopens those that the server closes. */
function holdMany(
  countOf: (target: AttackTarget) => number,
  { text, isRead }: { readonly text: (target: AttackTarget) => string } & Pick<Held, "isRead">,
): Attack["run"] {
  return async (target, count) => {
    const one = async (delayMs: number) => {
      await pause(delayMs);
      for (;;) {
        count("opened");
        count(await hold(target.port, { text: text(target), isRead }));
        await pause(REOPEN_MS);
      }
    };
    const connections = countOf(target);
    await Promise.all(Array.from({ length: connections }, (_, i) => one((i / connections) * OPENING_MS)));
  };
}

/** Repeats a request, so many at once. */
function repeat(times: number, shotFor: (target: AttackTarget) => Shot, isSizeTold = false): Attack["run"] {
  return async (target, count) => {
    const one = async () => {
      for (;;) {
        count("sent");
        const { outcome, bytes } = await shoot(target.port, shotFor(target));
        count(isSizeTold ? `${outcome} of ${Math.ceil(bytes / 1024)} KiB` : outcome);
      }
    };
    await Promise.all(Array.from({ length: times }, one));
  };
}

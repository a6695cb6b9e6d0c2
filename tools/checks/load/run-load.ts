import { randomUUID } from "node:crypto";
import { makeServedWorkspace, type Served } from "../../../test/support/processes/served-workspace.ts";
import { residentMib } from "../process-usage.ts";

const ENTITIES: readonly object[] = [
  {
    name: "Customer",
    columns: [
      { name: "email", type: "VARCHAR", nullable: false, unique: true, constraints: [{ type: "EMAIL" }] },
      { name: "age", type: "INTEGER", indexed: true },
    ],
  },
  {
    name: "Order",
    columns: [
      {
        name: "customerId",
        nullable: false,
        references: { entity: "Customer", onDelete: "CASCADE", relationship: "customer", inverse: "orders" },
      },
      { name: "total", type: "DECIMAL", precision: 12, scale: 2 },
    ],
  },
];

export interface LoadOptions {
  readonly seconds: number;
  readonly clients: number;
  /** Ends it earlier, after about this many requests. */
  readonly requests?: number;
  /** Called with each sample of memory. */
  onSample?(sample: Sample): void;
}

export interface Sample {
  readonly second: number;
  readonly requests: number;
  /** Resident memory in MiB. */
  readonly memory: number;
}

export interface LoadReport {
  readonly requests: number;
  /** The first unexpected responses. */
  readonly errors: readonly string[];
  readonly samples: readonly Sample[];
}

/** Clients of all kinds. Each creates its own records and deletes them again, so that only a leak can grow. */
export async function runLoad(
  served: Served,
  { seconds, clients, requests: most = Number.POSITIVE_INFINITY, onSample }: LoadOptions,
): Promise<LoadReport> {
  const w = await makeServedWorkspace(served.baseUrl, ...ENTITIES);
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const errors: string[] = [];
  const samples: Sample[] = [];
  let requests = 0;

  async function ask(method: string, path: string, expected: number, body?: unknown): Promise<Answered> {
    const headers = { Authorization: `Bearer ${w.key}`, "Content-Type": "application/json" };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(served.baseUrl + w.path + path, init);
    const text = await response.text();
    requests++;
    if (response.status !== expected && errors.length < 20)
      errors.push(`${method} ${path} → ${response.status} ${text.slice(0, 300)}`);
    return text === "" || !text.startsWith("{") ? {} : (JSON.parse(text) as Answered);
  }

  async function client(): Promise<void> {
    while (elapsed() < seconds && requests < most && errors.length === 0) {
      await session(ask).catch((failure) => errors.push(String(failure)));
    }
  }

  function sample(): void {
    const taken = { second: Math.round(elapsed()), requests, memory: residentMib(served.pid) };
    samples.push(taken);
    onSample?.(taken);
  }

  const sampling = setInterval(sample, Math.max(500, (seconds * 1000) / 60));
  await Promise.all(Array.from({ length: clients }, client));
  clearInterval(sampling);
  sample();
  return { requests, errors, samples };
}

interface Answered {
  readonly data?: { readonly id: number };
}
type Ask = (method: string, path: string, expected: number, body?: unknown) => Promise<Answered>;

/** The requests of an application about one customer, from the first to the last. */
async function session(ask: Ask): Promise<void> {
  const email = `${randomUUID()}@example.com`;
  const { data: customer } = await ask("POST", "/Customer", 201, { email, age: 30 });
  const orders = Array.from({ length: 10 }, (_, i) => ({ customerId: customer?.id, total: i + 0.5 }));
  await ask("POST", "/Order/bulk", 200, orders);
  await ask("GET", `/Customer/${customer?.id}?expand=orders`, 200);
  await ask("GET", `/Customer?filter[email]=${email}`, 200);
  await ask(
    "GET",
    "/Order?filter[customer.age.gte]=18&sort=total,desc&size=20&expand=customer&count=none",
    200,
  );
  await ask("GET", `/Order/aggregate?measure=sum,total&filter[customerId]=${customer?.id}`, 200);
  await ask("PATCH", `/Customer/${customer?.id}`, 200, { age: 31 });
  await ask("POST", "/Customer", 409, { email });
  await ask("POST", "/Customer", 422, { email: "none" });
  await ask("GET", `/Order/export?filter[customerId]=${customer?.id}`, 200);
  await ask("DELETE", `/Customer/${customer?.id}`, 204);
  await ask("GET", `/Customer/${customer?.id}`, 404);
}

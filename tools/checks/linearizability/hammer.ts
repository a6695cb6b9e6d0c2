import type { TwoWorkers } from "./two-workers.ts";

const CLIENTS = 32;

export interface Sent {
  readonly method: "GET" | "POST" | "PUT";
  /** The path, without the host. */
  readonly path: string;
  readonly body?: object;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** The rule for every response to a request that starts while this is the current state. */
export interface State {
  readonly token: string;
  /** The requests that each client sends one after the other. */
  readonly requests: readonly Sent[];
  holds(answer: Answered, sent: Sent): boolean;
}

/**
 * Makes `to` the current state with `by` or, without it, only changes what is checked. Resolves once it has judged as
 * many responses in that state as there are clients.
 */
export type Change = (to: State, by?: () => Promise<unknown>) => Promise<void>;

export interface Hammered {
  /** States that a change has led to. */
  readonly changes: number;
  /** Requests that started and ended in one state. */
  readonly judged: number;
  /** Responses that contradict the state in which their request started. */
  readonly wrong: readonly string[];
}

/**
 * Clients send the state's requests to both Workers in turn while `work` changes the state. A response counts if its
 * request started after the response to the change and ended before the next change.
 */
export async function hammer(
  { baseUrls }: TwoWorkers,
  first: State,
  work: (change: Change) => Promise<void>,
): Promise<Hammered> {
  let state: State | undefined = first;
  let latest = first;
  let isDone = false;
  let changes = 0;
  let judged = 0;
  const wrong: string[] = [];

  async function client(id: number): Promise<void> {
    for (let turn = id; !isDone; turn++) {
      const [atStart, { token, requests }] = [state, latest];
      const baseUrl = baseUrls[turn % 2 === 0 ? 0 : 1];
      const sent = requests[(turn >> 1) % requests.length];
      if (!sent) throw new Error("a state without requests");
      const answer = await send(baseUrl, token, sent);
      if (!atStart || atStart !== state) continue;
      judged++;
      if (!atStart.holds(answer, sent)) {
        wrong.push(`${sent.method} ${baseUrl}${sent.path}: ${answer.status} ${answer.text.slice(0, 200)}`);
      }
    }
  }

  const clients = Array.from({ length: CLIENTS }, (_, id) => client(id));
  try {
    await work(async (to, by) => {
      state = undefined;
      await by?.();
      latest = to;
      state = to;
      if (by) changes++;
      const enough = judged + CLIENTS;
      while (judged < enough) await new Promise(setImmediate);
    });
  } finally {
    isDone = true;
    await Promise.all(clients);
  }
  return { changes, judged, wrong };
}

async function send(baseUrl: string, token: string, { method, path, body }: Sent): Promise<Answered> {
  const response = await fetch(baseUrl + path, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "X-Address": newAddress(),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

let addresses = 0;
/** An address in a new network each time, because one network may use an ended key only so often. */
const newAddress = () => {
  const network = (++addresses).toString(16).padStart(8, "0");
  return `2001:db8:${network.slice(0, 4)}:${network.slice(4)}::1`;
};

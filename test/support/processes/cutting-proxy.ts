import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Where a connection is cut, relative to a request: before, inside or after the data of one side. */
const POINTS = {
  toServer: ["BEFORE_REQUEST", "IN_REQUEST"],
  toClient: ["BEFORE_ANSWER", "IN_ANSWER", "AFTER_ANSWER"],
} as const;
type Direction = keyof typeof POINTS;
export type CutPoint = (typeof POINTS)[Direction][number];
export const CUT_POINTS: readonly CutPoint[] = Object.values(POINTS).flat();

export interface CuttingProxy {
  readonly port: number;
  /** The probability that a piece of data ends its connection; 0 at first. */
  probability: number;
  readonly cuts: ReadonlyMap<CutPoint, number>;
  stop(): Promise<void>;
}

/** A TCP proxy on a port of its own that cuts connections where `random` (0 ≤ x < 1) says. */
export async function startCuttingProxy(targetPort: number, random: () => number): Promise<CuttingProxy> {
  const cuts = new Map<CutPoint, number>();
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    const cut = (): void => {
      client.resetAndDestroy();
      target.resetAndDestroy();
    };
    const pass = (from: Socket, to: Socket, direction: Direction): void => {
      from.on("data", (chunk) => {
        if (to.destroyed) return;
        if (random() >= proxy.probability) to.write(chunk);
        else cutAt(pick(POINTS[direction], random), to, chunk);
      });
      from.on("end", () => to.end());
    };
    const cutAt = (point: CutPoint, to: Socket, chunk: Buffer): void => {
      cuts.set(point, (cuts.get(point) ?? 0) + 1);
      const length = point.startsWith("BEFORE")
        ? 0
        : point.startsWith("IN")
          ? chunk.length >> 1
          : chunk.length;
      if (length === 0) cut();
      else to.write(chunk.subarray(0, length), cut);
    };
    for (const socket of [client, target]) {
      open.add(socket);
      socket.setNoDelay();
      socket.on("error", cut);
      socket.on("close", () => open.delete(socket));
    }
    pass(client, target, "toServer");
    pass(target, client, "toClient");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const proxy: CuttingProxy = {
    port: address.port,
    probability: 0,
    cuts,
    async stop() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}

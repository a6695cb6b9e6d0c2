import { connect } from "node:net";

const PROBE_MS = 1_500;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/**
 * Checks within 1.5 s that something listens at the address: fetch waits for minutes when packets are dropped. Throws the
 * system's error, or a timeout.
 */
export function probeServer(address: string): Promise<void> {
  const { hostname, port, protocol } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port) || (DEFAULT_PORTS[protocol] ?? 0) });
    const conclude = (error?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    const timer = setTimeout(() => conclude(new Error(`nothing answered within ${PROBE_MS} ms`)), PROBE_MS);
    socket.once("connect", () => conclude());
    socket.on("error", conclude);
  });
}

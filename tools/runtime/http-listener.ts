import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Starts listening, and returns the port. Rejects if the address is not available. */
export function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", reject);
  server.listen(port, host, () => {
    server.removeListener("error", reject);
    resolve((server.address() as AddressInfo).port);
  });
  return promise;
}

/** Lets open requests finish, and closes every connection after `graceMs`. */
export function closeServer(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  server.close(() => {
    clearTimeout(timer);
    resolve();
  });
  server.closeIdleConnections();
  return promise;
}

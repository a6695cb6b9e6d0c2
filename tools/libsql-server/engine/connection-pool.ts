import { Connection, type ConnectionOptions } from "./connection.ts";

/** Idle connections are kept with their prepared statements; more are opened as streams need them. */
export class ConnectionPool {
  readonly #options: ConnectionOptions;
  readonly #maxIdle: number;
  readonly #idle: Connection[] = [];

  constructor(options: ConnectionOptions, maxIdle: number) {
    this.#options = options;
    this.#maxIdle = maxIdle;
    this.#idle.push(new Connection(options));
  }

  /** The connection used last comes first: its statements and pages are warm. */
  acquire(): Connection {
    const connection = this.#idle.pop() ?? new Connection(this.#options);
    connection.observeSchema();
    return connection;
  }

  /** A connection that cannot be reset is closed, not kept. */
  release(connection: Connection): void {
    try {
      connection.reset();
    } catch (error) {
      connection.close();
      throw error;
    }
    if (this.#idle.length < this.#maxIdle) this.#idle.push(connection);
    else connection.close();
  }

  close(): void {
    this.#idle.at(-1)?.checkpoint();
    for (const connection of this.#idle) connection.close();
    this.#idle.length = 0;
  }
}

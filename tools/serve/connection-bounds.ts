import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** How long the unread part of a response may stay as it is. */
const STALL_MS = 30_000;
const SAMPLE_EVERY_MS = 250;
/** Files, the database's connections and webhooks take the others. */
const SHARE_OF_DESCRIPTORS = 0.5;
const MOST_CONNECTIONS = 10_000;
const USUAL_DESCRIPTORS = 1_024;

export interface BoundSettings {
  readonly connections: number;
  readonly perAddress: number;
  /** Bytes of responses that clients have not read yet. */
  readonly unreadBytes: number;
}

/** Returns a number of connections far below that of the files that this process may open. */
export const defaultConnections = (): number =>
  Math.min(MOST_CONNECTIONS, Math.floor(readDescriptorLimit() * SHARE_OF_DESCRIPTORS));

function readDescriptorLimit(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return Number(limit ?? USUAL_DESCRIPTORS);
  } catch {
    return USUAL_DESCRIPTORS;
  }
}

/**
 * Bounds connections, in all and by address, and what clients have asked for and do not read. The unread bytes are counted
 * a few times a second instead of at every write.
 */
export class ConnectionBounds {
  readonly #settings: BoundSettings;
  readonly #sockets = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  /** Unread bytes by address, for those that have any. */
  #unread: ReadonlyMap<string, number> = new Map();
  #unreadBytes = 0;

  constructor(settings: BoundSettings) {
    this.#settings = settings;
  }

  /** Whether clients hold more unread bytes than they may together. */
  get isFull(): boolean {
    return this.#unreadBytes > this.#settings.unreadBytes;
  }

  /** Whether an address gets no response at present: too much is unread, and it holds more than its fair share. */
  isFullFor(address = ""): boolean {
    const fairShare = this.#settings.unreadBytes / Math.max(1, this.#unread.size);
    return this.isFull && (this.#unread.get(address) ?? 0) > fairShare;
  }

  watch(server: Server): void {
    server.maxConnections = this.#settings.connections;
    server.on("connection", (socket: Socket) => this.#admit(socket));
    setInterval(() => this.#sample(), SAMPLE_EVERY_MS).unref();
  }

  #admit(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const others = this.#byAddress.get(address) ?? 0;
    if (others >= this.#settings.perAddress) {
      socket.destroy();
      return;
    }
    this.#byAddress.set(address, others + 1);
    this.#sockets.add(socket);
    socket.once("close", () => this.#forget(socket, address));
  }

  #forget(socket: Socket, address: string): void {
    this.#sockets.delete(socket);
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }

  /** A socket with a timeout is destroyed when nothing of its unread bytes has left for so long. */
  #sample(): void {
    const unread = new Map<string, number>();
    let unreadBytes = 0;
    for (const socket of this.#sockets) {
      if (socket.writableLength === 0) continue;
      const address = socket.remoteAddress ?? "";
      unread.set(address, (unread.get(address) ?? 0) + socket.writableLength);
      unreadBytes += socket.writableLength;
      if (socket.timeout !== STALL_MS) socket.setTimeout(STALL_MS);
    }
    this.#unread = unread;
    this.#unreadBytes = unreadBytes;
  }
}

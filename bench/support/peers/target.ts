import type { OperationName } from "./operations.ts";

export interface LoadRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH";
  readonly path: string;
  readonly body?: unknown;
}

/** What an answer says, in words that are the same for every target. */
export interface Summary {
  /** Numbers of the orders in it, in its order. */
  readonly numbers: readonly string[];
  readonly total?: number | undefined;
  /** Lines and customer's name of the first order. */
  readonly lines?: number | undefined;
  readonly customer?: string | undefined;
}

export interface TargetOperation {
  /** Sent in turn, again and again. */
  readonly requests: readonly LoadRequest[];
  readonly status: number;
  /** Undefined where the answer tells nothing of the records. */
  readonly summarize?: (body: never) => Summary;
  /** It stands for the time that every operation takes, and does none. */
  readonly isEmpty?: boolean;
}

/** A running program that answers the operations. */
export interface Target {
  readonly name: string;
  readonly version: string;
  /** How it was started, in a few words for the report. */
  readonly start: string;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly installedBytes: number;
  /** Undefined when the target has no such operation. */
  operation(name: OperationName, connections: number): TargetOperation | undefined;
  /** How many records a table holds. */
  count(table: string): Promise<number>;
}

export interface TargetStarter {
  readonly name: string;
  start(): Promise<Target>;
}

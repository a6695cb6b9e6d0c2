import type { OperationName } from "./operations.ts";

export interface LoadRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH";
  readonly path: string;
  readonly body?: unknown;
}

/** The content of a response, in terms that are the same for every target. */
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
  /** Undefined if the response does not contain records. */
  readonly summarize?: (body: never) => Summary;
  /** Measures the time that every operation takes, without an operation. */
  readonly isEmpty?: boolean;
}

/** A running program that handles the operations. */
export interface Target {
  readonly name: string;
  readonly version: string;
  /** How it was started, in a few words for the report. */
  readonly start: string;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly installedBytes: number;
  /** Undefined if the target does not have the operation. */
  operation(name: OperationName, connections: number): TargetOperation | undefined;
  /** The number of records in a table. */
  count(table: string): Promise<number>;
}

export interface TargetStarter {
  readonly name: string;
  start(): Promise<Target>;
}

/** How a mailbox of the webhook receiver responds to one request. */
export interface Reaction {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Never responds. */
  readonly hangs?: boolean;
}

/** A request that a mailbox has received. */
export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

import type { InputName } from "./input-schemas.ts";
import type { OutputName } from "./output-schemas.ts";

export type AdminTag =
  | "Organizations"
  | "Workspaces"
  | "API keys"
  | "Entities"
  | "Schema"
  | "Webhooks"
  | "Audit";

type Method = "get" | "post" | "put" | "patch" | "delete";

export interface AdminOperation {
  readonly id: string;
  readonly summary: string;
  readonly body?: InputName;
  /** Whether the body may be left out. */
  readonly isBodyOptional?: true;
  /** What `data` holds; without it the answer is 204 without a body. */
  readonly answer?: OutputName;
  /** A page of them, and `page` and `size` as parameters. */
  readonly isPage?: true;
  readonly isCreated?: true;
  /** What is begun when the answer is on its way. */
  readonly isAccepted?: true;
  /** Whether the answer has an ETag. */
  readonly isTagged?: true;
  /** Names in `components.parameters`, beside those of the path. */
  readonly parameters?: readonly string[];
  /** Statuses beside those of every read or write. */
  readonly errors?: readonly number[];
}

export interface AdminPath {
  readonly tag: AdminTag;
  readonly operations: { readonly [M in Method]?: AdminOperation };
}

export const ORGANIZATION = "/organizations/{organization}";
export const WORKSPACE = `${ORGANIZATION}/workspaces/{workspace}`;

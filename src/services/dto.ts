import type * as z from "zod/v4";
import type { JsonValue } from "../model/json.ts";

/** JSON values are read-only already, and the type is recursive. */
type DeepReadonly<T> = JsonValue extends T
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** What the API shows of a thing: the type of the Zod schema that documents it. */
export type Dto<S extends z.ZodType> = DeepReadonly<z.output<S>>;

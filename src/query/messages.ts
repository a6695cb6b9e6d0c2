import { AppError } from "../errors/app-error.ts";
import { closestName } from "../lib/closest-name.ts";
import { MAX_ECHO_LENGTH } from "./limits.ts";

/** A client's text as messages repeat it. */
export function echo(text: string): string {
  return text.length <= MAX_ECHO_LENGTH ? `'${text}'` : `'${text.slice(0, MAX_ECHO_LENGTH)}…'`;
}

export interface Misnamed {
  readonly name: string;
  /** The possible names, as far as the client may know them. */
  readonly known: Iterable<string>;
  /** The advice if no name is similar. */
  readonly advice?: string;
}

/** BAD_REQUEST for an unknown name, with the most similar known one: ` — did you mean 'email'?` */
export function unknownName(message: string, { name, known, advice = "" }: Misnamed): AppError {
  const unknown = { name, known: [...known] };
  const meant = closestName(name, unknown.known);
  const hint = meant === undefined ? advice : ` — did you mean '${meant}'?`;
  return new AppError("BAD_REQUEST", message + hint, { unknown });
}

import { parseAccept } from "hono/utils/accept";
import { statusOfCode } from "../../errors/codes.ts";
import { errorBody } from "../../errors/envelope.ts";
import { PROBLEM_TYPE, problemOf } from "../../errors/problem.ts";
import { toAppError } from "../../errors/to-app-error.ts";
import { logFailure } from "../../lib/logger.ts";
import type { AppContext } from "../context.ts";
import { respondJson } from "./respond.ts";

/** Turns every failure into the envelope, or into problem details. Causes go to the log only. */
export function onError(thrown: unknown, c: AppContext): Response {
  const error = toAppError(thrown);
  /* Work that stopped because the client has gone is not a failure. */
  const isGivenUp = error.code === "SERVICE_UNAVAILABLE" && c.req.raw.signal.aborted;
  if (statusOfCode[error.code] >= 500 && !isGivenUp) logFailure(c.get("requestId"), error);
  const isProblem = prefersProblem(c.req.header("Accept"));
  const { Vary } = c.get("headers");
  return respondJson(c, isProblem ? problemOf(error, c.get("requestId")) : { error: errorBody(error) }, {
    status: statusOfCode[error.code],
    headers: {
      ...error.headers,
      ...(isProblem && { "Content-Type": PROBLEM_TYPE }),
      Vary: Vary === undefined ? "Accept" : `${Vary}, Accept`,
    },
  });
}

/**
 * Whether a client asks for problem details by name and does not prefer JSON (RFC 9110, section 12.5.1). A client that
 * accepts anything gets the envelope.
 */
function prefersProblem(accept: string | undefined): boolean {
  if (!accept?.toLowerCase().includes(PROBLEM_TYPE)) return false;
  const ranges = parseAccept(accept);
  const qualityOf = (...names: readonly string[]) =>
    names.flatMap((name) => ranges.find(({ type }) => type.toLowerCase() === name)?.q ?? []).at(0) ?? 0;
  const wanted = qualityOf(PROBLEM_TYPE);
  return wanted > 0 && wanted >= qualityOf("application/json", "application/*", "*/*");
}

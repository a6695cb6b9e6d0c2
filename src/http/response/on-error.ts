import { statusOfCode } from "../../errors/codes.ts";
import { errorBody } from "../../errors/envelope.ts";
import { toAppError } from "../../errors/to-app-error.ts";
import { logFailure } from "../../lib/logger.ts";
import type { AppContext } from "../context.ts";
import { respondJson } from "./respond.ts";

/** Turns every failure into the same envelope. Causes go to the log only. */
export function onError(thrown: unknown, c: AppContext): Response {
  const error = toAppError(thrown);
  /* Work that was given up because the client has gone is not a failure. */
  const isGivenUp = error.code === "SERVICE_UNAVAILABLE" && c.req.raw.signal.aborted;
  if (statusOfCode[error.code] >= 500 && !isGivenUp) logFailure(c.get("requestId"), error);
  return respondJson(
    c,
    { error: errorBody(error) },
    {
      status: statusOfCode[error.code],
      headers: error.headers,
    },
  );
}

import { OperatorError } from "../../runtime/operator-error.ts";
import { ExitCode } from "../exit-codes.ts";

/** The `error` of the API's envelope. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly field: string; readonly message: string }[];
}

/** The API refused the whole request. */
export class ApiError extends OperatorError {
  override readonly name = "ApiError";
  readonly status: number;
  readonly error: ErrorBody;

  constructor(status: number, error: ErrorBody) {
    const details = (error.details ?? []).map(({ field, message }) => `\n  ${field}: ${message}`);
    super(`${error.message} (${status} ${error.code})${details.join("")}`, ExitCode.REFUSED);
    this.status = status;
    this.error = error;
  }
}

/** Reads the error, also when a proxy has responded in place of the API. */
export function readError(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as { error?: ErrorBody };
    if (typeof error?.code === "string") return new ApiError(status, error);
  } catch {
    // Not the API's envelope: said below.
  }
  return new ApiError(status, {
    code: "UNKNOWN",
    message: `Not a response of this API: ${text.slice(0, 200)}`,
  });
}

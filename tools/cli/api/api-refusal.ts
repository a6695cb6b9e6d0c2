import { OperatorError } from "../../runtime/operator-error.ts";
import { ExitCode } from "../exit-codes.ts";

/** The `error` of the API's envelope. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly field: string; readonly message: string }[];
}

/** The API refused the whole request. */
export class ApiRefusal extends OperatorError {
  override readonly name = "ApiRefusal";
  readonly status: number;
  readonly error: ApiError;

  constructor(status: number, error: ApiError) {
    const details = (error.details ?? []).map(({ field, message }) => `\n  ${field}: ${message}`);
    super(`${error.message} (${status} ${error.code})${details.join("")}`, ExitCode.REFUSED);
    this.status = status;
    this.error = error;
  }
}

/** Reads the refusal, also when a proxy has responded in place of the API. */
export function refusalOf(status: number, text: string): ApiRefusal {
  try {
    const { error } = JSON.parse(text) as { error?: ApiError };
    if (typeof error?.code === "string") return new ApiRefusal(status, error);
  } catch {
    // Not the API's envelope: said below.
  }
  return new ApiRefusal(status, {
    code: "UNKNOWN",
    message: `Not a response of this API: ${text.slice(0, 200)}`,
  });
}

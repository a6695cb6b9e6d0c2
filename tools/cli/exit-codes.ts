import { OperatorError } from "../runtime/operator-error.ts";

/** Exit codes for scripts; docs/cli.md. */
export const ExitCode = {
  DONE: 0,
  /** Some rows, or a request, were refused. */
  REFUSED: 1,
  /** The command line, a file or a setting is wrong; nothing was sent. */
  USAGE: 2,
  /** No response, or only 502, 503 and 504, after all attempts. */
  UNREACHABLE: 3,
} as const;

export const usageError = (message: string) => new OperatorError(message, ExitCode.USAGE);

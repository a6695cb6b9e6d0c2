/** A failure whose message is written for the person at the terminal: printed without a stack. */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
}

/** Runs a command's main function; a failure ends the process with exit code 1. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof OperatorError ? error.message : error);
    process.exit(1);
  }
}

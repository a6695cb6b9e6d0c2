/** A failure whose message is written for the person at the terminal: printed without a stack. */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
  /** What the process ends with. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs a command's main function; a failure ends the process with its exit code, 1 unless it says otherwise. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof OperatorError ? error.message : error);
    process.exit(error instanceof OperatorError ? error.exitCode : 1);
  }
}

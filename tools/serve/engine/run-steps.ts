import { AppError } from "../../../src/errors/app-error.ts";
import type { Step, StepOutcome } from "../../../src/libsql/step.ts";
import { HranaError } from "../../libsql-server/hrana/errors.ts";
import type { Connection, Result } from "./connection.ts";

const SKIPPED: StepOutcome = { status: "SKIPPED" };

/** Runs steps on this thread. Throws ResponseTooLarge; what the database refuses is an outcome. */
export function runStepsHere(connection: Connection, steps: readonly Step[]): readonly StepOutcome[] {
  const outcomes: StepOutcome[] = [];
  for (const step of steps) {
    outcomes.push(isDue(step, outcomes, connection) ? attempt(() => connection.run(step)) : SKIPPED);
  }
  return outcomes;
}

/** As runStepsHere, but each step is run by `run`, one after the other. */
export async function runStepsBy(
  run: (step: Step) => Result | Promise<Result>,
  connection: Connection,
  steps: readonly Step[],
): Promise<readonly StepOutcome[]> {
  const outcomes: StepOutcome[] = [];
  for (const step of steps) {
    const isRun = isDue(step, outcomes, connection);
    outcomes.push(isRun ? await Promise.try(run, step).then(done, failed) : SKIPPED);
  }
  return outcomes;
}

function isDue({ after, isInTransaction }: Step, outcomes: readonly StepOutcome[], connection: Connection) {
  if (after !== undefined && outcomes[after]?.status !== "DONE") return false;
  return !isInTransaction || connection.isInTransaction;
}

function attempt(run: () => Result): StepOutcome {
  try {
    return done(run());
  } catch (error) {
    return failed(error);
  }
}

const done = ({ rows, affected }: Result): StepOutcome => ({ status: "DONE", rows, affected });

function failed(error: unknown): StepOutcome {
  if (!(error instanceof HranaError) || error instanceof AppError) throw error;
  return { status: "FAILED", code: error.code, message: error.message };
}

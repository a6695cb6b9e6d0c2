import { AppError, RequestError } from "../../errors/app-error.ts";

export interface ItemError<T = unknown> {
  readonly item: T;
  readonly index: number;
  readonly error: AppError;
}

/** The results of the items that have one, and the errors of the others. Throws what refuses the whole request. */
export function attemptEach<T, R>(items: readonly T[], work: (item: T, index: number) => R) {
  const errors: ItemError<T>[] = [];
  const results = items.flatMap((item, index): readonly R[] => {
    try {
      return [work(item, index)];
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown instanceof RequestError) throw thrown;
      errors.push({ item, index, error: thrown });
      return [];
    }
  });
  return { results, errors };
}

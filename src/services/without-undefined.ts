type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only the properties that have a value; null is one. */
export function withoutUndefined<T extends object>(input: T): Defined<T> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Defined<T>;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Returns only the properties that have a value. Null is a value. */
export function withoutUndefined<T extends object>(input: T): Defined<T> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Defined<T>;
}

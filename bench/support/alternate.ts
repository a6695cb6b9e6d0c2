export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const PER_CENT = 100;

/**
 * Runs all in turn, round by round, so that disturbances of the machine affect each of them. Returns latency by name.
 */
export async function alternate(
  rounds: number,
  runs: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<Readonly<Record<string, Latency>>> {
  const times = new Map(Object.keys(runs).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(runs)) {
      const start = performance.now();
      await run();
      times.get(name)?.push(performance.now() - start);
    }
  }
  return Object.fromEntries(
    [...times].map(([name, list]) => [name, { p50Ms: percentile(list, 50), p95Ms: percentile(list, 95) }]),
  );
}

/** The value below which `per` of 100 values are; 0 for none. */
export function percentile(values: readonly number[], per: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length * per) / PER_CENT)] ?? 0;
}

/**
 * Settings for the V8 of a process that runs for days. V8 collects its whole heap when that has grown by more than the
 * size of its young generation. With the default of 16 MiB, a Worker stops for 100 to 190 ms instead of some 50, and
 * the database's memory varies by 100 MiB (bench/README.md).
 */
export const HEAP_FLAGS = ["--max-semi-space-size=4"];

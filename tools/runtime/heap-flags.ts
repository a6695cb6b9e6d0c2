/**
 * For the V8 of a process that serves for days. V8 collects all of its heap when that has grown by the size of its young
 * generation and more: with the default of 16 MiB a Worker stops for 100 to 190 ms instead of some 50, and the database's
 * memory goes up and down by 100 MiB (bench/README.md).
 */
export const HEAP_FLAGS = ["--max-semi-space-size=4"];

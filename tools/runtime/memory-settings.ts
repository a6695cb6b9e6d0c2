/**
 * Settings for the V8 of a process that runs for days. V8 collects its whole heap when that has grown by more than the
 * size of its young generation. With the default of 16 MiB, a Worker stops for 100 to 190 ms instead of some 50, and
 * the database's memory varies by 100 MiB (bench/README.md).
 */
export const HEAP_FLAGS = ["--max-semi-space-size=4"];

/**
 * Settings for glibc's malloc in `npm run serve`: freed memory goes back to the system instead of staying in an arena of
 * each thread. Without them, the peak of an attack that leaves 480 responses of 9 MB unread was 710 MiB instead of 470.
 */
export const MALLOC_SETTINGS = { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "131072" };

/** How the bench is run, from the environment; see bench/README.md. */
const { env } = process;

const words = (text: string) =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

export const ROUNDS = Number(env.ROUNDS ?? 5);
export const SECONDS = Number(env.SECONDS ?? 3);
export const WARM_UP_SECONDS = Number(env.WARM_UP_SECONDS ?? 2);
export const CONNECTIONS: readonly number[] = words(env.CONNECTIONS ?? "1,32").map(Number);
/** Names of peers; undefined means all, `none` leaves only ours and the hand-written Worker. */
export const PEERS = env.PEERS === undefined ? undefined : words(env.PEERS);
/** Parts of names of operations; undefined means all. */
export const OPERATIONS_WANTED = env.OPERATIONS === undefined ? undefined : words(env.OPERATIONS);

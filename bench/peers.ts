import { bkndOnNode, bkndOnWorkerd } from "./support/peers/bknd.ts";
import { directus } from "./support/peers/directus.ts";
import { startNodeBaseline, startServed } from "./support/peers/ours.ts";
import { pocketbase } from "./support/peers/pocketbase.ts";
import { runPeers } from "./support/peers/run-peers.ts";
import { LIBSQL_URL } from "./support/peers/settings.ts";
import { soul } from "./support/peers/soul.ts";

/*
 * `npm run bench:serve`: `npm run serve` against a Node server written by hand and against peers, each with the same data, the
 * same operations and the same load generator, in alternating rounds. bench/README.md says what can be varied.
 */
if (LIBSQL_URL) {
  console.log(
    "bench:serve is left out: its targets hold their databases themselves and cannot use LIBSQL_URL.",
  );
} else {
  await runPeers({
    file: "peers",
    title: "npm run serve against a Node server written by hand, and against peers",
    async startOwn(directory, start) {
      const served = await start(() => startServed(directory, "normal"));
      const baseline = await start(() => startNodeBaseline(directory, served.target));
      return [served, baseline, await start(() => startServed(directory, "full"))];
    },
    peers: { pocketbase, soul, bknd: bkndOnNode, "bknd-d1": bkndOnWorkerd, directus },
  });
}

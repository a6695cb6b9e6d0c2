import type { AttackTarget } from "./attack-target.ts";
import { ATTACKS } from "./attacks.ts";

/*
 * `node attacker.ts NAME SECONDS TARGET` attacks for the given time, reports the outcomes to its parent and leaves
 * everything open.
 */

const [, , name = "", seconds = "", target = ""] = process.argv;
const outcomes: Record<string, number> = {};
void ATTACKS[name]?.run(JSON.parse(target) as AttackTarget, (outcome) => {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
});
setTimeout(() => process.send?.(outcomes, () => process.exit()), Number(seconds) * 1000);

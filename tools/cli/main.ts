import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * `npm run cli -- …`: a client of any deployment, through its two APIs alone. docs/cli.md.
 * Compiled code is kept, in the project because others could write to a shared directory: starting takes a third as long.
 */
enableCompileCache(fileURLToPath(new URL("../../.data/compile-cache", import.meta.url)));
const { runProgram } = await import("./program.ts");
await runProgram();

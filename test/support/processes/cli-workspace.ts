import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { environmentOf, startCli } from "./cli-process.ts";
import { makeServedWorkspace, type Served, type ServedWorkspace, serveWorker } from "./served-workspace.ts";

/**
 * Serves a Worker to the tests of a file, each with a workspace of its own that has the entity Note, and runs commands
 * in it. `variables` are those of the Worker.
 */
export function useCliWorkspace(variables: Readonly<Record<string, string>> = {}) {
  let served: Served;
  let workspace: ServedWorkspace;
  beforeAll(async () => {
    served = await serveWorker(variables);
  });
  afterAll(() => served.stop());
  beforeEach(async () => {
    const columns = ["text", "owner"].map((name) => ({ name, type: "VARCHAR" }));
    workspace = await makeServedWorkspace(served.baseUrl, { name: "Note", columns });
  });
  const environmentOfCli = () => environmentOf(served.baseUrl, workspace);
  const cli = (...args: readonly string[]) => startCli(args, environmentOfCli()).ended;
  return {
    baseUrl: () => served.baseUrl,
    w: () => workspace,
    environmentOfCli,
    cli,
    /** What a command prints with --json. It must succeed. */
    async jsonOf(...args: readonly string[]) {
      const { code, stdout, stderr } = await cli(...args, "--json");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return JSON.parse(stdout);
    },
    /** The status of a request for all notes. */
    async statusWith(credential?: string): Promise<number> {
      const headers: Record<string, string> = credential ? { authorization: `Bearer ${credential}` } : {};
      return (await fetch(`${served.baseUrl}${workspace.path}/Note`, { headers })).status;
    },
  };
}

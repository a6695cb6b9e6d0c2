import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasCurl, type Newcomer, patternOf, readExamples, startNewcomer } from "./support/run-examples.ts";

describe.runIf(hasCurl())("the README's examples", () => {
  const examples = readExamples("README.md").filter(({ command }) => !command.startsWith("claude "));
  let newcomer: Newcomer;

  beforeAll(async () => {
    newcomer = await startNewcomer();
  });
  afterAll(() => newcomer?.stop());

  it("are found", () => expect(examples.length).toBeGreaterThan(20));

  it.each(examples)("$command", async (example) => {
    expect(await newcomer.run(example.command)).toMatch(patternOf(example));
  });
});

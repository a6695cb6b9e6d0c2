import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/model/json.ts";
import { type CommandContext, contextOf, pathOf, workspaceAdmin } from "../command-context.ts";
import { ExitCode, usageError } from "../exit-codes.ts";
import { describeChanges } from "../schema/describe-plan.ts";
import { fetchSchema, putSchema, type SchemaDocument, type SchemaPlan } from "../schema/schema-plan.ts";

const HELP = `
pull writes the schema with its version and the ids of entities and columns. Edit the file; a changed name beside an
unchanged id is a rename. plan shows what apply would do, and apply does it in one step or not at all.

The file can be applied to any deployment, and twice: the second time there is nothing to change. In the workspace that it
was pulled from, plan and apply refuse a file whose schema has changed since, unless --ignore-version is given.

Example, from staging to production:
  schema pull schema.json --profile staging
  schema plan schema.json --profile production
  schema apply schema.json --profile production`;

/** `schema pull|plan|apply|diff`; docs/cli.md. */
export function addSchema(program: Command): void {
  const schema = program
    .command("schema")
    .description("the schema of the workspace as one JSON document (needs the admin token)")
    .addHelpText("after", HELP);
  addPull(schema);
  addPlan(schema);
  addApply(schema);
  addDiff(schema);
}

/** The workspace that a document was pulled from. Its version counts only there. */
function sourceOf({ settings: { url, organization, workspace } }: CommandContext<unknown>): JsonObject {
  return { url, organization: organization ?? null, workspace: workspace ?? null };
}

function addPull(schema: Command): void {
  schema
    .command("pull")
    .description("write the schema to a file, or to standard output")
    .argument("[file]")
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { deployment, version, entities } = await fetchSchema(workspaceAdmin(context));
      const document = { source: sourceOf(context), deployment, version, entities };
      const text = JSON.stringify(document, null, 2);
      if (file === undefined) return context.print({ value: document, text });
      writeFileSync(pathOf(file), `${text}\n`);
      context.print({
        value: { file: pathOf(file), version, entities: entities.length },
        text: `Schema version ${version} with ${entities.length} entities written to ${pathOf(file)}`,
      });
    });
}

interface VersionOptions {
  readonly ignoreVersion?: boolean;
}

const IGNORE_VERSION = ["--ignore-version", "even if the schema has changed since the pull"] as const;

function addPlan(schema: Command): void {
  schema
    .command("plan")
    .description("show what apply would change, from what to what, and at what risk")
    .argument("<file>")
    .option(...IGNORE_VERSION)
    .action(async (file: string, _options: unknown, command: Command) => {
      const context = contextOf<VersionOptions>(command);
      const plan = await putFile(context, file, "?dryRun=true");
      context.print({ value: plan, text: describePlan(plan) });
      if (plan.changes.some(({ risk }) => risk === "BLOCKED")) process.exitCode = ExitCode.REFUSED;
    });
}

function addApply(schema: Command): void {
  schema
    .command("apply")
    .description("change the schema to what the file says; what is equal stays untouched")
    .argument("<file>")
    .option("--allow-lossy", "also changes that destroy data")
    .option(...IGNORE_VERSION)
    .action(async (file: string, _options: unknown, command: Command) => {
      const context = contextOf<VersionOptions & { allowLossy?: boolean }>(command);
      const plan = await putFile(context, file, context.options.allowLossy ? "?allow=lossy" : "");
      const isChanged = plan.changes.length > 0;
      const version = `The schema is at version ${plan.version}. Pull it before the next change.`;
      const text = isChanged ? `${describeChanges(plan)}\n${version}` : NOTHING_TO_CHANGE;
      context.print({ value: plan, text });
    });
}

function addDiff(schema: Command): void {
  schema
    .command("diff")
    .description("show what would make the schema of A that of B")
    .argument("<a>", "a profile")
    .argument("<b>", "another profile, or a file that pull has written")
    .option("--exit-code", "end with 1 when they differ")
    .action(async (a: string, b: string, _options: unknown, command: Command) => {
      const context = contextOf<{ exitCode?: boolean }>(command, a);
      const document = await documentOf(b, command);
      const plan = await putSchema(workspaceAdmin(context), {
        document,
        query: "?dryRun=true",
        version: undefined,
      });
      const isEqual = plan.changes.length === 0;
      context.print({ value: plan, text: isEqual ? "No differences." : describeChanges(plan) });
      if (!isEqual && context.options.exitCode) process.exitCode = ExitCode.REFUSED;
    });
}

async function documentOf(name: string, command: Command): Promise<SchemaDocument> {
  if (existsSync(pathOf(name))) return documentIn(readDocument(pathOf(name)));
  return documentIn(await fetchSchema(workspaceAdmin(contextOf(command, name))));
}

async function putFile(
  context: CommandContext<VersionOptions>,
  file: string,
  query: string,
): Promise<SchemaPlan> {
  const api = workspaceAdmin(context);
  const content = readDocument(pathOf(file));
  const isHere = content.source === undefined || isEqual(content.source, sourceOf(context));
  const isGuarded = typeof content.version === "number" && isHere && !context.options.ignoreVersion;
  return putSchema(api, {
    document: documentIn(content),
    query,
    version: isGuarded ? Number(content.version) : undefined,
  });
}

const isEqual = (a: JsonValue, b: JsonValue) => JSON.stringify(a) === JSON.stringify(b);

/** Returns the part of a file that goes to the API. */
function documentIn(content: JsonObject | SchemaDocument): SchemaDocument {
  const { version: _version, source: _source, ...document } = content as JsonObject;
  return document as unknown as SchemaDocument;
}

function readDocument(file: string): JsonObject {
  try {
    const document: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isJsonObject(document)) return document;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw usageError(`${file} does not hold a JSON object with "entities".`);
}

const NOTHING_TO_CHANGE = "Nothing to change.";

function describePlan(plan: SchemaPlan): string {
  if (plan.changes.length === 0) return NOTHING_TO_CHANGE;
  const isLossy = plan.changes.some(({ risk }) => risk === "LOSSY");
  const hint = isLossy ? "\nSome changes destroy data: apply makes them only with --allow-lossy." : "";
  return describeChanges(plan) + hint;
}

import { createWriteStream, renameSync, rmSync } from "node:fs";
import { extname } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import { OperatorError } from "../../runtime/operator-error.ts";
import { type CommandContext, contextOf, pathOf, workspaceApi } from "../command-context.ts";
import { ExitCode, usageError } from "../exit-codes.ts";
import { decodeText } from "../import/read/decode-text.ts";
import { splitLines } from "../import/read/split-lines.ts";
import { collect } from "./option-values.ts";

const FORMATS = ["csv", "ndjson", "json"] as const;
type ExportFormat = (typeof FORMATS)[number];

interface ExportOptions {
  readonly format?: ExportFormat;
  readonly filter: readonly string[];
  readonly fields?: string;
  readonly sort: readonly string[];
  readonly escapeFormulas: boolean;
}

const HELP = `
Streams every matching record to the file, or to standard output without one. In csv, texts that a spreadsheet would run
as a formula get an apostrophe in front; import such a file with --unescape-formulas.

Examples:
  export Flight flights.csv --filter delayMinutes.gt=60 --filter origin.iata=SFO --sort delayMinutes,desc
  export Flight --fields departsAt,delayMinutes --filter '{"or":[{"status":"DELAYED"},{"delayMinutes":{"gt":15}}]}'`;

/** `export Entity [file]`; docs/cli.md. */
export function addExport(program: Command): void {
  program
    .command("export")
    .description("write every matching record to a file or to standard output")
    .argument("<entity>", "name of the entity")
    .argument("[file]", "standard output when left out")
    .addOption(new Option("--format <format>", "default: by the file's name, else ndjson").choices(FORMATS))
    .option(
      "--filter <field.op=value>",
      "as filter[field.op]=value; or a JSON tree (repeatable)",
      collect,
      [],
    )
    .option("--fields <fields>", "which fields, comma-separated")
    .option("--sort <field,direction>", "asc or desc (repeatable)", collect, [])
    .option("--no-escape-formulas", "leave texts in CSV as they are, although a spreadsheet may run them")
    .addHelpText("after", HELP)
    .action(async (entity: string, file: string | undefined, _options: unknown, command: Command) => {
      await exportFile(contextOf<ExportOptions>(command), entity, file && pathOf(file));
    });
}

async function exportFile(
  context: CommandContext<ExportOptions>,
  entity: string,
  file: string | undefined,
): Promise<void> {
  const { client, path } = workspaceApi(context);
  const format = formatOf(context.options, file);
  const query = queryOf(context.options, format);
  const response = await client.open({
    method: "GET",
    path: `${path}/${encodeURIComponent(entity)}/export?${query}`,
  });
  const count = { records: 0 };
  const chunks = encode(response, format, count);
  if (file === undefined) return writeStandardOutput(chunks);
  await writeFile(chunks, file);
  const value = { entity, file, format, ...(format !== "csv" && count) };
  const what = format === "csv" ? "exported" : `${count.records} records exported`;
  context.print({ value, text: `${entity}: ${what} to ${file}` });
}

function formatOf({ format }: ExportOptions, file: string | undefined): ExportFormat {
  if (format) return format;
  if (file === undefined) return "ndjson";
  const found = FORMATS.find((known) => `.${known}` === extname(file).toLowerCase());
  if (!found) throw usageError(`Which format? The name of ${file} does not say it: give --format.`);
  return found;
}

function queryOf(
  { filter, fields, sort, escapeFormulas }: ExportOptions,
  format: ExportFormat,
): URLSearchParams {
  const query = new URLSearchParams({ format: format === "csv" ? "csv" : "ndjson" });
  for (const condition of filter) {
    if (condition.startsWith("{")) query.append("filter", condition);
    else {
      const at = condition.indexOf("=");
      if (at < 1) throw usageError(`--filter ${condition}: must be field=value or field.op=value.`);
      query.append(`filter[${condition.slice(0, at)}]`, condition.slice(at + 1));
    }
  }
  if (fields !== undefined) query.append("fields", fields);
  for (const key of sort) query.append("sort", key);
  if (!escapeFormulas) query.append("escapeFormulas", "false");
  return query;
}

async function* encode(
  response: Response,
  format: ExportFormat,
  count: { records: number },
): AsyncGenerator<string> {
  const text = decodeText(received(response), "utf-8");
  if (format === "csv") yield* text;
  else if (format === "ndjson") {
    for await (const { text: line } of splitLines(text)) {
      count.records++;
      yield `${line}\n`;
    }
  } else yield* encodeArray(text, count);
}

async function* encodeArray(text: AsyncIterable<string>, count: { records: number }): AsyncGenerator<string> {
  yield "[";
  for await (const { text: line } of splitLines(text)) yield `${count.records++ === 0 ? "\n" : ",\n"}${line}`;
  yield "\n]\n";
}

/** Reads the body. The server ends the connection early when it cannot go on. */
async function* received(response: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk;
  } catch {
    throw new OperatorError(
      "The export ended early: the connection was lost, or the schema or the key changed meanwhile.",
      ExitCode.UNREACHABLE,
    );
  }
}

/** Writes the whole file, or none. */
async function writeFile(chunks: AsyncIterable<string>, file: string): Promise<void> {
  const part = `${file}.part`;
  try {
    await pipeline(chunks, createWriteStream(part, { mode: 0o600 }));
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** A reader that has seen enough (`| head`) is no failure. */
async function writeStandardOutput(chunks: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(chunks, process.stdout, { end: false });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  }
}

import { statSync } from "node:fs";
import { type Command, Option } from "commander";
import type { Entity } from "../../../src/model/entity.ts";
import { ApiError } from "../api/api-error.ts";
import {
  type Addressed,
  type CommandContext,
  contextOf,
  pathOf,
  workspaceAdmin,
  workspaceApi,
} from "../command-context.ts";
import { ExitCode, usageError } from "../exit-codes.ts";
import { checkRows } from "../import/check-rows.ts";
import { BOOLEAN_WORDS } from "../import/convert-cell.ts";
import { cutBatches } from "../import/cut-batches.ts";
import { describeEntity, fetchColumnNames } from "../import/describe-entity.ts";
import { type ImportJournal, journalFileOf, openJournal } from "../import/import-journal.ts";
import { describeSummary, ImportReport } from "../import/import-report.ts";
import { FILE_FORMATS, openRows, type RowsOptions } from "../import/read/open-rows.ts";
import { surveyFile } from "../import/read/survey-file.ts";
import { runImport } from "../import/run-import.ts";
import { collect, parseCount, parseDelimiter, parseWords } from "./option-values.ts";

const DEFAULT_CONCURRENCY = 4;

interface ImportOptions {
  readonly format?: string;
  readonly map: readonly string[];
  readonly ignoreUnknown?: boolean;
  readonly delimiter?: string;
  readonly encoding?: string;
  readonly true?: readonly string[];
  readonly false?: readonly string[];
  readonly unescapeFormulas?: boolean;
  readonly fromErrors?: boolean;
  readonly upsertBy?: string;
  readonly keepTimestamps?: boolean;
  readonly dryRun?: boolean;
  readonly again?: boolean;
  readonly concurrency?: number;
  readonly errors?: string;
  readonly state?: string;
}

const HELP = `
The import sends bulk requests of up to 100 rows. After an interruption, the same command goes on where it stopped and
writes nothing twice. Refused rows go, with their line and the reason, to {file}.errors.ndjson: correct them there and
import that file with --from-errors.

Examples:
  import Customer customers.csv
  import Customer customers.csv --map "E-mail=email" --map "Remarks=" --upsert-by email
  import Book books.csv --map "Author=authorId.name"
  import Customer customers.csv --encoding windows-1252 --true yes,y --false no,n
  import Customer customers.csv.errors.ndjson --from-errors`;

/** `import Entity file`; docs/cli.md. */
export function addImport(program: Command): void {
  const command = program
    .command("import")
    .description("create a record for every row of a file; with --upsert-by, create or update")
    .argument("<entity>", "name of the entity")
    .argument("<file>", "a .csv or .tsv file with a header line, .ndjson, or .json with one array");
  addReadingOptions(command);
  addWritingOptions(command);
  command
    .addHelpText("after", HELP)
    .action(async (entity: string, file: string, _options: unknown, command: Command) => {
      await importFile(contextOf<ImportOptions>(command), entity, pathOf(file));
    });
}

function addReadingOptions(command: Command): void {
  command
    .addOption(new Option("--format <format>", "when the file's name does not tell").choices(FILE_FORMATS))
    .option(
      "--map <header=field>",
      "what a header means: a field, reference.field to name a record by a unique field, or nothing to leave it out " +
        "(repeatable)",
      collect,
      [],
    )
    .option("--ignore-unknown", "leave out columns that the entity has no field for")
    .option(
      "--delimiter <character>",
      "between the cells of CSV ('\\t' for tabs); else guessed",
      parseDelimiter,
    )
    .option("--encoding <name>", "such as windows-1252; else by the byte order mark, else UTF-8")
    .option("--true <words>", "in CSV, what true is called, such as yes,y (true,1)", parseWords)
    .option("--false <words>", "in CSV, what false is called, such as no,n (false,0)", parseWords)
    .option("--unescape-formulas", "remove the apostrophe that export puts before formulas in CSV")
    .option("--from-errors", "the file is an errors file: import the corrected `row` of each line");
}

function addWritingOptions(command: Command): void {
  command
    .option("--upsert-by <fields>", "match on these fields of a unique rule, and change what is stored")
    .option("--keep-timestamps", "send autoSet fields too; the key must be allowed to write timestamps")
    .option("--dry-run", "check the rows here, against the entity's rules, and write nothing")
    .option("--again", "write the rows once more, even if an earlier import wrote them")
    .option(
      "--concurrency <n>",
      `requests at the same time (${DEFAULT_CONCURRENCY}; 1 keeps ids in the file's order, and is the default ` +
        "when records refer to others of their entity)",
      parseCount,
    )
    .option("--errors <file>", "where refused rows go ({file}.errors.ndjson)")
    .option("--state <file>", "where an unfinished import is noted ({file}.{entity}.import)");
}

async function importFile(context: CommandContext<ImportOptions>, name: string, file: string): Promise<void> {
  const { options, settings } = context;
  const size = sizeOf(file);
  const api = workspaceApi(context);
  const { entity, entities } = await describeEntity(api, name);
  const hasAdmin = settings.adminToken !== undefined;
  const columnNames = hasAdmin ? await fetchColumnNames(workspaceAdmin(context), name) : new Map();
  const report = new ImportReport(options.errors ? pathOf(options.errors) : `${file}.errors.ndjson`, size);
  const reading: RowsOptions = {
    ...readingOf(options),
    file,
    columnNames,
    entities,
    onNote: (note) => console.error(note),
    onChunk: ({ length }) => {
      report.bytes += length;
    },
  };
  let isWhole = false;
  try {
    const readOnly = options.dryRun
      ? await check({ options, entity, report, reading })
      : await send({ context, api, entity, report, reading });
    if (readOnly.size > 0)
      console.error(`Left out, because the server writes it: ${[...readOnly].join(", ")}.`);
    isWhole = true;
  } finally {
    report.close({ isWhole });
  }
  const summary = report.summary(name, options.dryRun === true);
  context.print({ value: summary, text: describeSummary(summary) });
  if (summary.refused > 0) process.exitCode = ExitCode.REFUSED;
}

const readingOf = (options: ImportOptions) => ({
  format: options.format,
  map: options.map,
  ignoreUnknown: options.ignoreUnknown === true,
  keepTimestamps: options.keepTimestamps === true,
  delimiter: options.delimiter,
  encoding: options.encoding,
  booleans: { true: options.true ?? BOOLEAN_WORDS.true, false: options.false ?? BOOLEAN_WORDS.false },
  unescapeFormulas: options.unescapeFormulas === true,
  fromErrors: options.fromErrors === true,
});

interface Checking {
  readonly options: ImportOptions;
  readonly entity: Entity;
  readonly report: ImportReport;
  readonly reading: RowsOptions;
}

async function check({ options, entity, report, reading }: Checking): Promise<ReadonlySet<string>> {
  const { rows, readOnly } = openRows(entity, reading);
  const { onRefused, onChecked } = report;
  const isUpsert = options.upsertBy !== undefined;
  const keepsTimestamps = options.keepTimestamps === true;
  await checkRows({ rows, entity, isUpsert, keepsTimestamps, onRefused, onChecked });
  return readOnly;
}

interface Sending extends Omit<Checking, "options"> {
  readonly context: CommandContext<ImportOptions>;
  readonly api: Addressed;
}

async function send({ context, api, entity, report, reading }: Sending): Promise<ReadonlySet<string>> {
  const { options, settings } = context;
  const { client } = api;
  const { upsertBy } = options;
  const path = `${api.path}/${encodeURIComponent(entity.name)}`;
  const target = settings.url + path;
  const journal = await openJournal({
    file: options.state
      ? pathOf(options.state)
      : journalFileOf(reading.file, { entity: entity.name, target }),
    target,
    fingerprint: `${await surveyFile(entity, reading)}${upsertBy === undefined ? "" : ` by ${upsertBy}`}`,
    again: options.again === true,
    isRepeatable: upsertBy !== undefined,
  });
  const refersToItself = entity.columns.some(({ references }) => references?.entity === entity.name);
  const query = upsertBy === undefined ? "" : `?upsertBy=${encodeURIComponent(upsertBy)}`;
  const { rows, readOnly } = openRows(entity, reading);
  const { onRefused, onDone } = report;
  const countStored = () => countRecords(api, path);
  await finish(journal, () =>
    runImport({
      batches: cutBatches(rows),
      target: { client, method: upsertBy === undefined ? "POST" : "PUT", path: `${path}/bulk${query}` },
      journal,
      concurrency: options.concurrency ?? (refersToItself ? 1 : DEFAULT_CONCURRENCY),
      stored: upsertBy === undefined ? undefined : { client, path, entity, upsertBy: upsertBy.split(",") },
      countStored,
      onRefused,
      onDone,
    }),
  );
  await noteDeleted(report.summary(entity.name, false), countStored);
  return readOnly;
}

/** Removes the journal at the end. It stays after a failure that may have stored rows. */
async function finish(journal: ImportJournal, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ApiError && journal.succeeded === 0) journal.remove();
    throw error;
  }
  journal.remove();
}

async function countRecords({ client }: Addressed, path: string): Promise<number | undefined> {
  try {
    const { text } = await client.send({ method: "GET", path: `${path}?size=1&fields=id` });
    return (JSON.parse(text) as { meta: { totalElements: number } }).meta.totalElements;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

async function noteDeleted(
  { entity, fromEarlierRuns }: { entity: string; fromEarlierRuns: number },
  countStored: () => Promise<number | undefined>,
): Promise<void> {
  const count = fromEarlierRuns > 0 ? await countStored() : undefined;
  if (count === undefined || count >= fromEarlierRuns) return;
  console.error(
    `An earlier run wrote ${fromEarlierRuns} rows, but ${entity} has only ${count} records now: some were deleted ` +
      "since. --again writes every row once more.",
  );
  process.exitCode = ExitCode.REFUSED;
}

function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) throw usageError(`There is no file ${file}.`);
  if (found.size === 0) throw usageError(`The file ${file} is empty.`);
  return found.size;
}

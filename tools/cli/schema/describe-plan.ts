import type { JsonValue } from "../../../src/model/json.ts";
import type { Difference } from "./differences.ts";
import type { DescribedChange, SchemaPlan } from "./schema-plan.ts";

/** Describes each change in one line: what changes, from what to what, and the risk. */
export function describeChanges({ changes }: SchemaPlan): string {
  return changes.map((change) => `${describeChange(change)}, ${describeRisk(change)}`).join("\n");
}

function describeRisk({ risk, reason }: DescribedChange): string {
  if (risk === "BLOCKED") return `blocked: ${reason ?? "existing records stand against it"}`;
  return risk === "LOSSY" ? "destroys data" : "lossless";
}

function describeChange(change: DescribedChange): string {
  const { kind, entity, column, from, constraint } = change;
  const where = column === undefined ? entity : `${entity}.${column}`;
  switch (kind) {
    case "ADD_ENTITY":
      return `${where}: new entity`;
    case "ADD_COLUMN":
      return `${where}: new column`;
    case "DROP_ENTITY":
      return `${where}: dropped with its records`;
    case "DROP_COLUMN":
      return `${where}: dropped with its values`;
    case "RENAME_ENTITY":
    case "RENAME_COLUMN": {
      const former = column === undefined ? from : `${entity}.${from}`;
      return former === where ? `${where}: ${describeDifferences(change)}` : `${former} → ${where}: renamed`;
    }
    case "ADD_CONSTRAINT":
      return `${where}: new rule ${constraint}`;
    case "DROP_CONSTRAINT":
      return `${where}: rule ${constraint} dropped`;
    default:
      return `${where}: ${describeDifferences(change)}`;
  }
}

/** Lists the differences. Properties without a value to show, such as the order of columns, are only named. */
function describeDifferences({ differences, properties = [] }: DescribedChange): string {
  const known = differences.map(({ property }) => property);
  const others = properties.filter((property) => !known.includes(property)).map((name) => `${name} changed`);
  const isOtherType = known.includes("type");
  const shown = differences.filter((difference) => !(isOtherType && comesWithType(difference)));
  return [...shown.map(describeDifference), ...others].join(", ");
}

/** Whether a difference follows from the change of type. */
const comesWithType = ({ property, from, to }: Difference) =>
  TYPE_OPTIONS.includes(property) && (from === null || to === null);

const TYPE_OPTIONS = ["length", "precision", "scale", "values", "generated", "autoSet"];

function describeDifference({ property, from, to }: Difference): string {
  const change = `${describeValue(from)} → ${describeValue(to)}`;
  return property === "type" ? change : `${property} ${change}`;
}

function describeValue(value: JsonValue): string {
  if (value === null) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}

import type { Detail } from "../errors/app-error.ts";
import type { Column } from "../model/column.ts";
import { constraintTypes } from "./constraints/registry.ts";
import { compileFieldRule } from "./field-rule.ts";
import { isStorableText } from "./text.ts";

export const MAX_PRECISION = 15;
export const MAX_ENUM_VALUES = 200;
export const MAX_ENUM_VALUE_LENGTH = 255;

/** Options that belong to one type only. */
export const typeOfOption = {
  length: "VARCHAR",
  precision: "DECIMAL",
  scale: "DECIMAL",
  values: "ENUM",
  generated: "UUID",
  autoSet: "DATETIME",
} as const;

/** Returns what is wrong with a column's definition, beyond its shape. `path` is where it is, such as `columns[2]`. */
export function checkColumnDefinition(column: Column, path: string): readonly Detail[] {
  const details = [...checkOptions(column, path), ...checkConstraints(column, path)];
  return details.length > 0 ? details : checkDefault(column, path);
}

function checkOptions(column: Column, path: string): readonly Detail[] {
  const details: Detail[] = [];
  const complain = (option: string, message: string) => details.push({ field: `${path}.${option}`, message });
  for (const [option, type] of Object.entries(typeOfOption)) {
    if (column[option as keyof typeof typeOfOption] !== undefined && column.type !== type) {
      complain(option, `is an option of ${type} only`);
    }
  }
  if (details.length > 0) return details;
  const { precision = 1, scale = 0, values } = column;
  if (scale > precision) complain("scale", `must be between 0 and the precision, ${precision}`);
  if (column.type === "ENUM") complainOf(values ?? [], complain);
  if (column.unique && column.type === "JSON") complain("unique", "is not possible on JSON");
  if (column.autoSet && column.default !== undefined)
    complain("default", "is not possible together with autoSet");
  return details;
}

function complainOf(values: readonly string[], complain: (option: string, message: string) => void): void {
  if (values.length === 0) complain("values", "must name at least one value");
  if (values.length > MAX_ENUM_VALUES) complain("values", `must be at most ${MAX_ENUM_VALUES} values`);
  if (new Set(values).size < values.length) complain("values", "must not repeat a value");
  const isSound = (value: string) => {
    return value !== "" && value.length <= MAX_ENUM_VALUE_LENGTH && isStorableText(value);
  };
  if (!values.every(isSound))
    complain("values", `must be strings of 1 to ${MAX_ENUM_VALUE_LENGTH} characters`);
}

function checkConstraints(column: Column, path: string): readonly Detail[] {
  return column.constraints.flatMap((constraint, i) => {
    const type = constraintTypes.get(constraint.type);
    const at = `${path}.constraints[${i}]`;
    if (!type)
      return [{ field: `${at}.type`, message: `must be one of: ${[...constraintTypes.keys()].join(", ")}` }];
    if (!type.fits(column)) return [{ field: `${at}.type`, message: `is not possible on ${column.type}` }];
    const problem = type.problemOf(column, constraint);
    return problem === undefined ? [] : [{ field: `${at}.value`, message: problem }];
  });
}

/**
 * A default must be a value that a client could send. PAST and FUTURE are not checked, because the current time moves.
 */
function checkDefault(column: Column, path: string): readonly Detail[] {
  if (column.default === undefined || column.default === null) return [];
  const timeless = {
    ...column,
    constraints: column.constraints.filter(({ type }) => type !== "PAST" && type !== "FUTURE"),
  };
  const reading = compileFieldRule(timeless).read(column.default, { iso: "" });
  return "value" in reading
    ? []
    : reading.problems.map((problem) => ({ field: `${path}.default`, ...problem }));
}

import { columnTypeOf } from "../../columns/registry.ts";
import { LruMap } from "../../lib/lru-map.ts";
import type { Access, Operation } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Column } from "../../model/column.ts";
import type { JsonValue } from "../../model/json.ts";
import { bindSlots, type SqlValue, type Statement } from "../../model/sql-value.ts";
import { type Circumstances, valuesOf } from "../plan/plan-operand.ts";
import { NOTHING, type Predicate } from "../plan/predicate.ts";
import type { ReadScope } from "../plan/target.ts";
import { type OperandValues, withoutMissing } from "./missing.ts";
import {
  type PlannedPreset,
  type Rules,
  rulesOf,
  type WriteOperation,
  type WrittenFields,
} from "./plan-rules.ts";

/** The part of a workspace that exists for one request. */
export interface Visible {
  /** Without hidden fields. */
  readonly catalog: Catalog;
  readonly scope: ReadScope;
  readonly who: Access["who"];
  /** Whether rows or fields are limited anywhere. */
  readonly hasRules: boolean;
  /** Equal for all requests for which a query compiles to the same statement. */
  readonly identity: object;
  /** Null for every record of the entity. */
  rowsOf(operation: Operation, entityName: string): Predicate | null;
  /** The predicate that a written record must satisfy; null for any. */
  checkOf(operation: WriteOperation, entityName: string): Predicate | null;
  fieldsOf(operation: WriteOperation, entityName: string): VisibleFields;
  /** Whether all records of an entity may be read, and this column of them. */
  isWhole(entityName: string, column: Column): boolean;
  /** Binds the request's claims and time to a statement. */
  bind(statement: Statement): Statement;
}

export interface VisibleFields extends Omit<WrittenFields, "presets"> {
  /** As in a body; null if a required claim is missing, so that nothing can be written. */
  readonly presets: ReadonlyMap<Column, JsonValue> | null;
}

/** Returns what exists for a caller with these rights and their claims. */
export function visibleTo(catalog: Catalog, access: Access, now: Date): Visible {
  if (access.layers.length === 0) return wholeOf(catalog);
  const rules = rulesOf(catalog, access.layers);
  const circumstances: Circumstances = { claims: access.claims, now };
  const values = rules.operands.map((operand) => valuesOf(operand, circumstances));
  const shape = values.map((each) => each?.length ?? "-").join();
  const given = values.map((each) => each ?? NO_VALUES);
  return {
    ...resolvedFor(rules, { access, shape, values }),
    who: access.who,
    fieldsOf(operation, name) {
      const { presets, ...fields } = rules.fieldsOf(operation, name);
      return { ...fields, presets: valuesOfPresets(presets, values) };
    },
    bind: (statement) => (statement.slots ? bindSlots(statement, given) : statement),
  };
}

/** The first layer's preset of a field wins: a token cannot override what its key sets. */
function valuesOfPresets(
  presets: readonly PlannedPreset[],
  values: OperandValues,
): ReadonlyMap<Column, JsonValue> | null {
  const set = new Map<Column, JsonValue>();
  for (const { column, value } of presets.toReversed()) {
    if ("json" in value) {
      set.set(column, value.json);
      continue;
    }
    const [stored = null] = values[value.operand] ?? [];
    if (stored === null) return null;
    set.set(column, columnTypeOf(column).toJson(stored, column));
  }
  return set;
}

const WHOLE_FIELDS: VisibleFields = {
  isWritable: () => true,
  presets: new Map(),
};

const NO_VALUES: readonly SqlValue[] = [];

const whole = new WeakMap<Catalog, Visible>();

function wholeOf(catalog: Catalog): Visible {
  const known = whole.get(catalog);
  if (known) return known;
  const visible: Visible = {
    catalog,
    scope: { canRead: (name) => catalog.entities.has(name), rowsOf: () => null },
    who: "KEY",
    hasRules: false,
    identity: catalog,
    rowsOf: () => null,
    checkOf: () => null,
    fieldsOf: () => WHOLE_FIELDS,
    isWhole: () => true,
    bind: (statement) => statement,
  };
  whole.set(catalog, visible);
  return visible;
}

type Resolved = Omit<Visible, "bind" | "fieldsOf" | "who">;

/** Rules are resolved once for each combination of missing claims and lengths of lists. */
const SHAPES_PER_RULES = 6;
const resolved = new WeakMap<Rules, LruMap<string, Resolved>>();

interface Given {
  readonly access: Access;
  readonly shape: string;
  readonly values: OperandValues;
}

function resolvedFor(rules: Rules, { access, shape, values }: Given): Resolved {
  const ofRules = resolved.get(rules) ?? new LruMap<string, Resolved>(SHAPES_PER_RULES);
  resolved.set(rules, ofRules);
  const known = ofRules.get(shape);
  if (known) return known;
  const made = resolve(rules, { access, values });
  ofRules.set(shape, made);
  return made;
}

function resolve(rules: Rules, { access: { isAllowed }, values }: Omit<Given, "shape">): Resolved {
  const { catalog } = rules;
  const given = (rule: Predicate | null) => rule && (withoutMissing(rule, values) ?? NOTHING);
  const rows = new Map<string, Predicate | null>();
  const rowsOf = (operation: Operation, name: string): Predicate | null => {
    const key = `${operation} ${name}`;
    const known = rows.get(key);
    if (known !== undefined) return known;
    const own = given(rules.rowsOf(operation, name));
    rows.set(key, own);
    return own;
  };
  const canRead = (name: string) => {
    const entity = catalog.entities.get(name);
    return entity !== undefined && isAllowed("read", entity);
  };
  return {
    catalog,
    scope: { canRead, rowsOf: (name) => rowsOf("read", name) },
    hasRules: rules.hasRules,
    identity: {},
    rowsOf,
    checkOf: (operation, name) => given(rules.checkOf(operation, name)),
    isWhole(name, column) {
      const isReadable = catalog.entities.get(name)?.columns.includes(column) ?? false;
      return isReadable && canRead(name) && rowsOf("read", name) === null;
    },
  };
}

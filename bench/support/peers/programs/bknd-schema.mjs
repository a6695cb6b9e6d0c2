import { em, entity, number, text } from "bknd";

/** The bench's tables, in bknd's words. `written`: names of the tables that are written to. */
export function schemaOf(written) {
  const orderFields = () => ({
    number: text().required(),
    status: text().required(),
    amount: number().required(),
    placedAt: text().required(),
  });
  const entities = {
    customers: entity("customers", {
      name: text().required(),
      email: text().required(),
      country: text().required(),
    }),
    orders: entity("orders", orderFields()),
    lines: entity("lines", { product: text().required(), quantity: number().required() }),
    ...Object.fromEntries(written.map((name) => [name, entity(name, orderFields())])),
  };
  return em(entities, ({ relation, index }, { customers, orders, lines, ...others }) => {
    relation(lines).manyToOne(orders, { inversedBy: "lines" });
    for (const table of [orders, ...Object.values(others)]) {
      relation(table).manyToOne(customers, { inversedBy: table.name });
      index(table).on(["status"]).on(["placedAt"]);
    }
  }).toJSON();
}

/** bknd makes no index for a reference; the other targets have one. */
export function referenceIndexes(written) {
  const references = [
    ["lines", "orders_id"],
    ...["orders", ...written].map((table) => [table, "customers_id"]),
  ];
  return references.map(
    ([table, column]) => `CREATE INDEX IF NOT EXISTS "${table}_${column}" ON "${table}" ("${column}")`,
  );
}

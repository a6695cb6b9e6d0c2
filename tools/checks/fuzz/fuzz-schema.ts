/** Entities with every column type, constraint and kind of relationship. */
export const fuzzEntities: readonly object[] = [
  {
    name: "Customer",
    columns: [
      {
        name: "email",
        type: "VARCHAR",
        length: 120,
        nullable: false,
        unique: true,
        constraints: [{ type: "EMAIL" }],
      },
      { name: "name", type: "VARCHAR", length: 40, nullable: false, constraints: [{ type: "NOT_BLANK" }] },
      { name: "tier", type: "ENUM", values: ["FREE", "PRO"], default: "FREE" },
      {
        name: "code",
        type: "VARCHAR",
        length: 10,
        constraints: [{ type: "PATTERN", value: "^[A-Z]{1,5}$" }],
      },
    ],
  },
  {
    name: "Order",
    columns: [
      {
        name: "customerId",
        references: { entity: "Customer", onDelete: "CASCADE", relationship: "customer", inverse: "orders" },
      },
      {
        name: "parentId",
        references: { entity: "Order", onDelete: "SET_NULL", relationship: "parent", inverse: "children" },
      },
      {
        name: "total",
        type: "DECIMAL",
        precision: 12,
        scale: 2,
        constraints: [{ type: "POSITIVE_OR_ZERO" }],
      },
      {
        name: "quantity",
        type: "INTEGER",
        constraints: [
          { type: "MIN", value: 1 },
          { type: "MAX", value: 99 },
        ],
      },
      { name: "weight", type: "DOUBLE" },
      { name: "big", type: "BIGINT" },
      { name: "paid", type: "BOOLEAN", default: false },
      { name: "placedOn", type: "DATE" },
      { name: "shipsOn", type: "DATE" },
      { name: "placedAt", type: "DATETIME", indexed: true },
      { name: "at", type: "TIME" },
      { name: "token", type: "UUID" },
      { name: "notes", type: "TEXT" },
      { name: "extra", type: "JSON" },
    ],
    constraints: [
      { type: "FIELD_LESS_THAN_OR_EQUAL", field: "placedOn", otherField: "shipsOn" },
      { type: "CONDITIONAL_REQUIRED", field: "parentId", when: { field: "paid", equals: true } },
      { type: "UNIQUE_COMPOSITE", fields: ["customerId", "placedOn", "quantity"] },
    ],
  },
  {
    name: "Tag",
    idType: "UUID",
    columns: [
      { name: "label", type: "VARCHAR", length: 20, nullable: false },
      {
        name: "orderId",
        references: { entity: "Order", onDelete: "RESTRICT", relationship: "order", inverse: "tags" },
      },
      { name: "broaderId", references: { entity: "Tag", onDelete: "CASCADE", relationship: "broader" } },
    ],
  },
  {
    name: "Remark",
    columns: [
      {
        name: "tagId",
        references: { entity: "Tag", onDelete: "CASCADE", relationship: "tag", inverse: "remarks" },
      },
    ],
  },
];

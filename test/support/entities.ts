/* Definitions that several suites use. Each suite defines them in a workspace of its own. */

export const customer = {
  name: "Customer",
  columns: [
    { name: "email", type: "VARCHAR", length: 120, nullable: false, unique: true },
    { name: "name", type: "VARCHAR", nullable: false },
    { name: "age", type: "INTEGER" },
    { name: "vip", type: "BOOLEAN", nullable: false, default: false },
  ],
};

export const order = {
  name: "Order",
  columns: [
    { name: "orderNumber", type: "VARCHAR", length: 40, nullable: false, unique: true },
    { name: "total", type: "DECIMAL", precision: 12, scale: 2, default: 0 },
    {
      name: "status",
      type: "ENUM",
      values: ["NEW", "PAID", "SHIPPED"],
      nullable: false,
      default: "NEW",
      indexed: true,
    },
    {
      name: "customerId",
      nullable: false,
      references: { entity: "Customer", relationship: "customer", inverse: "orders", onDelete: "RESTRICT" },
    },
    { name: "createdAt", type: "DATETIME", autoSet: "INSERT" },
  ],
};

export const alice = { email: "alice@example.com", name: "Alice", age: 30 };

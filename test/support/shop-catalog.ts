import type { Catalog } from "../../src/model/catalog.ts";
import type { EntitySettings } from "../../src/model/entity.ts";
import { reference, sketchCatalog } from "./sketch-catalog.ts";

/** Customers, orders, line items, and tags over a join entity: every kind of column and relationship. */
export function shopCatalog(
  settings: { readonly order?: Partial<EntitySettings>; readonly customer?: Partial<EntitySettings> } = {},
): Catalog {
  return sketchCatalog([
    {
      name: "Customer",
      columns: [
        { name: "email", type: "VARCHAR", nullable: false, unique: true },
        { name: "country", type: "VARCHAR", indexed: true },
        { name: "balance", type: "BIGINT" },
        { name: "score", type: "DOUBLE" },
        reference("referrerId", "Customer", { relationship: "referrer", inverse: "referred" }),
      ],
      settings: settings.customer ?? {},
    },
    {
      name: "Order",
      columns: [
        { name: "number", type: "INTEGER", nullable: false, indexed: true },
        { name: "status", type: "ENUM", values: ["NEW", "PAID", "SHIPPED"], nullable: false, indexed: true },
        { name: "total", type: "DECIMAL", precision: 12, scale: 2 },
        { name: "isVip", type: "BOOLEAN" },
        { name: "note", type: "TEXT" },
        { name: "dueAt", type: "DATETIME", indexed: true },
        { name: "day", type: "DATE" },
        { name: "extra", type: "JSON" },
        reference("customerId", "Customer", { relationship: "customer", inverse: "orders" }),
      ],
      relationships: [
        { name: "tags", type: "MANY_TO_MANY", through: "OrderTag", source: "orderId", target: "tagId" },
      ],
      indexes: [{ fields: ["customerId", "dueAt"], unique: false }],
      settings: settings.order ?? {},
    },
    {
      name: "LineItem",
      columns: [
        { name: "sku", type: "VARCHAR", nullable: false, indexed: true },
        { name: "quantity", type: "INTEGER" },
        reference("orderId", "Order", { relationship: "order", inverse: "lineItems", nullable: false }),
      ],
    },
    { name: "Tag", columns: [{ name: "label", type: "VARCHAR", indexed: true }] },
    {
      name: "OrderTag",
      columns: [
        reference("orderId", "Order", { relationship: "order", inverse: null, nullable: false }),
        reference("tagId", "Tag", { relationship: "tag", inverse: null, nullable: false }),
      ],
    },
  ]);
}

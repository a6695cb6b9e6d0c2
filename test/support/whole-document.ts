import type { Access } from "../../src/model/access.ts";
import type { Catalog } from "../../src/model/catalog.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { buildWorkspaceDocument } from "../../src/openapi/workspace-document.ts";

/** The document for the holder of a key with these scopes. */
export const scopedDocumentOf = (catalog: Catalog, isAllowed: Access["isAllowed"]): JsonObject =>
  buildWorkspaceDocument(catalog, {
    isWhole: false,
    isAllowed,
    layers: [],
    who: "KEY",
    mayMintTokens: false,
    claims: {},
  });

/** The document for the holder of a key without scopes. */
export const wholeDocumentOf = (catalog: Catalog): JsonObject =>
  buildWorkspaceDocument(catalog, {
    isWhole: true,
    isAllowed: () => true,
    layers: [],
    who: "KEY",
    mayMintTokens: true,
    claims: {},
  });

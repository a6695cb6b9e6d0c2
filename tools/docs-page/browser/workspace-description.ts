/** What the page reads of `GET /api/v1/{org}/{workspace}`. */
export interface WorkspaceDescription {
  readonly entities: readonly EntityDescription[];
}

export interface EntityDescription {
  readonly name: string;
  readonly columns: readonly ColumnDescription[];
  readonly relationships: readonly {
    readonly name: string;
    readonly kind: "TO_ONE" | "TO_MANY" | "MANY_TO_MANY";
    readonly entity: string;
  }[];
}

export interface ColumnDescription {
  readonly name: string;
  readonly type: string;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly nullable?: boolean;
  readonly unique?: boolean;
  readonly references?: { readonly entity: string; readonly relationship: string };
}

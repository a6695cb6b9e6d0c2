/** What the workspace's MCP endpoint allows, within the key's own rights. */
export const MCP_MODES = ["DISABLED", "READ_ONLY", "FULL"] as const;
export type McpMode = (typeof MCP_MODES)[number];

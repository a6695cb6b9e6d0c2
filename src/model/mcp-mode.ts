/** What the workspace's MCP endpoint lets through, beside what the key may do. */
export const MCP_MODES = ["DISABLED", "READ_ONLY", "FULL"] as const;
export type McpMode = (typeof MCP_MODES)[number];

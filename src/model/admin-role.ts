/** Roles of administrators, lowest first; each includes those before it. */
export const ADMIN_ROLES = ["VIEWER", "OPERATOR", "EDITOR", "ADMIN", "OWNER"] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

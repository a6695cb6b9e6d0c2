/** Roles of administrators, lowest first. Each includes those before it. */
export const ADMIN_ROLES = ["VIEWER", "OPERATOR", "EDITOR", "ADMIN", "OWNER"] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

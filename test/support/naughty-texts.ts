import list from "big-list-of-naughty-strings/blns.json?raw";

/* The big list of naughty strings, and texts that try to leave their place in SQL. */

const injections = [
  "' OR '1'='1",
  "'; DROP TABLE w1_notes; --",
  '" OR 1=1 --',
  "1); DELETE FROM workspaces; --",
  "x' UNION SELECT hash FROM api_key_secrets --",
  "\\'; SELECT 1; --",
  "%_%",
  "[a-z]*?",
  "$1 ?1 :name @name",
  "json('{}')",
];
export const naughtyTexts: readonly string[] = [...JSON.parse(list), ...injections];

import { composeKey, isWellFormedKey } from "./api-key.ts";

const KEY_PATTERN = /^adm_live_[0-9A-Za-z]{49}$/;

/** `adm_live_` + 43 characters of secret + 6 characters of checksum over both. */
export const composeAdminKey = (secret: string): string => composeKey("adm_live_", secret);

/** Whether a text has the form of an admin key. */
export const isLikeAdminKey = (text: string): boolean => KEY_PATTERN.test(text);

/** Whether the text is an admin key with a valid checksum. */
export const isWellFormedAdminKey = (text: string): boolean => isLikeAdminKey(text) && isWellFormedKey(text);

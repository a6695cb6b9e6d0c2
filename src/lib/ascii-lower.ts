/** Lower case of ASCII letters only, as SQLite's lower(). So no other character becomes equal to a letter of ASCII. */
export const asciiLower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

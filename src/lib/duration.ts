/** A signed ISO 8601 duration, in months and milliseconds, because months differ in length. */
export interface Duration {
  readonly months: number;
  readonly millis: number;
}

const DURATION =
  /^([+-]?)P(?=.)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?=.)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$/;

/** Parses `-P1D`, `P2W` or `PT90M`; undefined for anything else. */
export function parseDuration(text: string): Duration | undefined {
  const match = DURATION.exec(text);
  if (!match) return undefined;
  const [sign, years, months, weeks, days, hours, minutes, seconds] = match.slice(1);
  const factor = sign === "-" ? -1 : 1;
  const wholeDays = number(weeks) * 7 + number(days);
  const wholeSeconds = ((wholeDays * 24 + number(hours)) * 60 + number(minutes)) * 60 + number(seconds);
  return {
    months: factor * (number(years) * 12 + number(months)),
    millis: factor * wholeSeconds * 1000,
  };
}

/** Adds months first. A day that the month does not have becomes its last day. */
export function addDuration(time: Date, { months, millis }: Duration): Date {
  const moved = new Date(time);
  moved.setUTCMonth(moved.getUTCMonth() + months, 1);
  const lastDay = new Date(moved);
  lastDay.setUTCMonth(lastDay.getUTCMonth() + 1, 0);
  moved.setUTCDate(Math.min(time.getUTCDate(), lastDay.getUTCDate()));
  return new Date(moved.getTime() + millis);
}

const number = (digits: string | undefined) => Number(digits ?? 0);

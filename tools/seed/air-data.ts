import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { csvParse } from "d3-dsv";

export interface SeedRecord {
  readonly id: number;
  readonly [field: string]: string | number | null;
}

export interface AirData {
  readonly airports: readonly SeedRecord[];
  readonly flights: readonly SeedRecord[];
}

interface SourceFlight {
  /** `2001/01/01 01:10`, local time of the origin; the demo reads it as UTC. */
  readonly date: string;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

const FLIGHT_COUNT = 3_000;
const OTHER_AIRPORT_COUNT = 300;
/** The US Department of Transportation counts a flight as delayed from 15 minutes on. */
const DELAYED_FROM_MINUTES = 15;

/**
 * Airports and January 2001 flights of the US Bureau of Transportation Statistics, as vega-datasets ships them. The
 * ids are the positions, the same on every run, so that an interrupted seed can tell what is there.
 */
export function readAirData(): AirData {
  const source: readonly SourceFlight[] = JSON.parse(readData("flights-5k.json"));
  const rows = csvParse(readData("airports.csv"));
  const known = new Set<string | undefined>(rows.map(({ iata }) => iata));
  const chosen = source
    .filter(({ origin, destination }) => known.has(origin) && known.has(destination))
    .slice(0, FLIGHT_COUNT);
  const used = new Set<string | undefined>(
    chosen.flatMap(({ origin, destination }) => [origin, destination]),
  );
  const others = rows.filter(({ iata }) => !used.has(iata)).slice(0, OTHER_AIRPORT_COUNT);
  const airports = [...rows.filter(({ iata }) => used.has(iata)), ...others].map(readAirport);
  const idByIata = new Map(airports.map(({ id, iata }) => [iata, id]));
  const flights = chosen.map((flight, i) => ({
    id: i + 1,
    originId: idByIata.get(flight.origin) ?? null,
    destinationId: idByIata.get(flight.destination) ?? null,
    departsAt: `${flight.date.replaceAll("/", "-").replace(" ", "T")}:00.000Z`,
    delayMinutes: flight.delay,
    distanceMiles: flight.distance,
    status: readStatus(flight.delay),
  }));
  return { airports, flights };
}

function readAirport(row: Readonly<Record<string, string>>, index: number) {
  const { iata = "", name = "", city, state, country = "" } = row;
  return {
    id: index + 1,
    iata,
    name,
    city: textOrNull(city),
    state: textOrNull(state),
    country,
    latitude: Number(row.latitude),
    longitude: Number(row.longitude),
  };
}

/** The source writes `NA` for what it does not know. */
function textOrNull(text: string | undefined): string | null {
  return text && text !== "NA" ? text : null;
}

function readStatus(delayMinutes: number): "EARLY" | "ON_TIME" | "DELAYED" {
  if (delayMinutes >= DELAYED_FROM_MINUTES) return "DELAYED";
  return delayMinutes < 0 ? "EARLY" : "ON_TIME";
}

function readData(name: string): string {
  return readFileSync(
    fileURLToPath(new URL(`../data/${name}`, import.meta.resolve("vega-datasets"))),
    "utf8",
  );
}

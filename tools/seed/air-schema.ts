/** The demo's entities, as bodies of `POST …/entities`, in the order in which they can be created. */
export const AIR_ENTITIES = [
  {
    name: "Airport",
    columns: [
      { name: "iata", type: "VARCHAR", length: 4, nullable: false, unique: true },
      { name: "name", type: "VARCHAR", nullable: false, indexed: true },
      { name: "city", type: "VARCHAR", indexed: true },
      { name: "state", type: "VARCHAR", length: 2, indexed: true },
      { name: "country", type: "VARCHAR", nullable: false },
      { name: "latitude", type: "DOUBLE", nullable: false },
      { name: "longitude", type: "DOUBLE", nullable: false },
    ],
  },
  {
    name: "Flight",
    columns: [
      reference("originId", "origin", "departures"),
      reference("destinationId", "destination", "arrivals"),
      { name: "departsAt", type: "DATETIME", nullable: false, indexed: true },
      { name: "delayMinutes", type: "INTEGER", nullable: false, indexed: true },
      { name: "distanceMiles", type: "INTEGER", nullable: false, constraints: [{ type: "POSITIVE" }] },
      {
        name: "status",
        type: "ENUM",
        values: ["EARLY", "ON_TIME", "DELAYED"],
        nullable: false,
        indexed: true,
      },
    ],
  },
] as const;

function reference(name: string, relationship: string, inverse: string) {
  const references = { entity: "Airport", relationship, inverse, onDelete: "RESTRICT" };
  return { name, nullable: false, references } as const;
}

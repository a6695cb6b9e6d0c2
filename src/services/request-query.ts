/** The query of a request. Calling it throws its error, where the contract's order has its place. */
export interface RequestQuery {
  readonly query: () => URLSearchParams;
}

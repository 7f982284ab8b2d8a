/** How many runs there may be at a time. */
export interface Limits {
  readonly concurrency: number;
  /** Of those that ask the same Puppet server. */
  readonly perServer?: number;
}

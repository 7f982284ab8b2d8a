/** For the catch of what is sent again later: throws all but the error of a client that has no broker now. */
export function unlessDisconnected(error: unknown): void {
  if ((error as { code?: string }).code !== 'NOT_CONNECTED') throw error;
}

/** The error with which a promise is rejected; throws where it is not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error(error === undefined ? 'the promise was fulfilled' : `rejected with ${String(error)}`);
}

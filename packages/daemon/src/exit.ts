/** Ends this process, also when agents may not. */
export const exit: (code: number) => never = process.exit.bind(process);

/** What an agent gets that calls `process.exit` in the daemon. */
export class ExitRefused extends Error {
  override readonly name = 'ExitRefused';

  constructor() {
    super('process.exit is blocked because it would stop the daemon: an agent ends by returning or throwing');
  }
}

/** From now on, `process.exit` throws: a library that an agent uses must not end the daemon. */
export function refuseExit(): void {
  process.exit = () => {
    throw new ExitRefused();
  };
}

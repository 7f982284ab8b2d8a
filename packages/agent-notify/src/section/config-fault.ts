import { TroupeError } from '@troupe/core';

/** An error that names a key of the agent's section, such as `mailto.tls`, and what is wrong with it. */
export function configFault(key: string, fault: string, cause?: unknown): TroupeError {
  const options = cause === undefined ? {} : { cause };
  return new TroupeError(
    'CONFIG_INVALID',
    `plugins: notify${key === '' ? '' : `.${key}`}: ${fault}`,
    options,
  );
}

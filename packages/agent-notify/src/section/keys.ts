/** A file that the configuration names. */
export const file = (description: string) => ({ type: 'string', minLength: 1, description }) as const;

/** The URL of a web server, a service's own by default. */
export const webUrl = { type: 'string', pattern: '^https?://' } as const;

export const ca = file(
  "PEM file with the CA certificates against which the server's certificate is verified (default: the CAs that Node.js trusts).",
);

/** How long a delivery may take. */
export const timeout = (byDefault: number) =>
  ({
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 600,
    default: byDefault,
    description: 'Time limit of a delivery in seconds.',
  }) as const;

/** A port for TCP. */
export const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const;

/** A login is both, or there is none. */
export const loginKeys = { username: ['password_file'], password_file: ['username'] } as const;

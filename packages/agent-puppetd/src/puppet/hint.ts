/** What a line of Puppet's output gives away about a run that did not succeed. */
export type Hint =
  | 'disabled'
  | 'already-running'
  | 'ssl-locked'
  | 'timeout'
  | 'unknown-environment'
  | 'key-mismatch'
  | 'not-signed'
  | 'csr-refused'
  | 'certificate-refused'
  | 'other-ca'
  | 'other-name'
  | 'catalog-refused'
  | 'server-unreachable'
  | 'terminated';

// In order of what explains most: "No more routes" also follows a refused certificate.
const patterns: readonly (readonly [Hint, RegExp])[] = [
  ['disabled', /Skipping run of .*; administratively disabled/],
  ['already-running', /already in progress; skipping|maxwaitforlock timeout has been exceeded\.$/],
  ['ssl-locked', /Another puppet instance is already running and the (?:max)?waitforlock .*; exiting/],
  // The second where the time ends while facts are gathered.
  [
    'timeout',
    /Execution of .* did not complete within \d+ seconds|^Error: Failed to apply catalog: .*execution expired$/,
  ],
  ['unknown-environment', /Environment '.*' not found on server, aborting run/],
  ['key-mismatch', /does not match its private key/],
  ['certificate-refused', /alert (?:certificate|unknown ca|bad certificate|access denied)/i],
  ['other-ca', /certificate verify failed|did not match expected digest/],
  ['other-name', /did not match server certificate|does not match the server certificate/],
  ['csr-refused', /Failed to submit the CSR/],
  ['not-signed', /you might still need to sign this agent's certificate/],
  ['catalog-refused', /Could not retrieve catalog from remote server: Error \d+ on SERVER/],
  [
    'server-unreachable',
    /Failed to open TCP connection|getaddrinfo|timed out (?:connect|read) operation|No more routes to|Could not retrieve catalog from remote server/,
  ],
  ['terminated', /Caught (?:TERM|INT); exiting|Cancelling startup/],
];

/** The cause of a failure in order of what explains most, of all the causes that the output gave away. */
export const hintsByWeight: readonly Hint[] = patterns.map(([hint]) => hint);

/** What the output of one run gave away, gathered line by line; holds a bounded amount. */
export class OutputHints {
  readonly #hints = new Map<Hint, string>();
  readonly #errors: string[] = [];
  readonly #tail: string[] = [];

  add(line: string): void {
    this.#tail.push(line.slice(0, 500));
    if (this.#tail.length > 50) this.#tail.shift();
    // What a resource printed is not Puppet's own word; facter complains of what it may not read.
    if (line.includes('/Stage[') || line.includes('Facter:')) return;
    if (line.startsWith('Error: ') && this.#errors.length < 10) this.#errors.push(line.slice(7, 507));
    for (const [hint, pattern] of patterns) {
      if (!this.#hints.has(hint) && pattern.test(line)) this.#hints.set(hint, line.slice(0, 500));
    }
  }

  /** The line that gave it away. */
  lineOf(hint: Hint): string | undefined {
    return this.#hints.get(hint);
  }

  /** Puppet's first messages of level error, without their prefix. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  /** The last lines of the output. */
  get tail(): readonly string[] {
    return this.#tail;
  }
}

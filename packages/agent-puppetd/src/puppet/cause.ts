import { type Hint, hintsByWeight, type OutputHints } from './hint.js';

type Cause = Exclude<Hint, 'timeout' | 'terminated'>;

/** The most likely reason why there was no catalog, from Puppet's output, with a line for people. */
export function causeOf(hints: OutputHints, environment?: string): readonly [Cause, string] | undefined {
  for (const hint of hintsByWeight) {
    const line = hints.lineOf(hint);
    if (line === undefined || hint === 'timeout' || hint === 'terminated') continue;
    return [hint, describe(hint, line.replace(/^(?:Error|Notice|Info|Warning): /, ''), environment)];
  }
  return;
}

function describe(cause: Cause, line: string, environment: string | undefined): string {
  switch (cause) {
    case 'disabled':
      return `Puppet is disabled: ${/\(Reason: '(.*?)(?:'\);)?$/.exec(line)?.[1] || 'no reason given'}`;
    case 'already-running':
      return 'Another Puppet run is in progress';
    case 'ssl-locked':
      return "Another Puppet process holds Puppet's SSL lock";
    case 'unknown-environment':
      return `${environment === undefined ? 'Environment' : `Environment ${environment}`} not found on the Puppet server`;
    case 'key-mismatch':
      return `The CA has a certificate of this name for a different key; clean it on the CA and request a new one: ${line}`;
    case 'not-signed':
      return 'The certificate request is not signed yet';
    case 'csr-refused':
      return `The CA rejected the certificate request: ${line}`;
    case 'certificate-refused':
      return `The Puppet server rejected this host's certificate (revoked, cleaned, or issued by another CA): ${line}`;
    case 'other-ca':
      return `The Puppet server's certificate was not issued by the CA that this host trusts: ${line}`;
    case 'other-name':
      return `The Puppet server's certificate does not match its host name: ${line}`;
    case 'catalog-refused':
      return line;
    case 'server-unreachable':
      return `Cannot connect to the Puppet server: ${line}`;
  }
}

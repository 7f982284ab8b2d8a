import { type Findings, type Hint, hintsByWeight } from './hint.js';

type Cause = Exclude<Hint, 'timeout' | 'terminated'>;

/** Why there was no catalog, as far as the output tells: what explains most, in words for people. */
export function causeOf(findings: Findings, environment?: string): readonly [Cause, string] | undefined {
  for (const hint of hintsByWeight) {
    const line = findings.lineOf(hint);
    if (line === undefined || hint === 'timeout' || hint === 'terminated') continue;
    return [hint, describe(hint, line.replace(/^(?:Error|Notice|Info|Warning): /, ''), environment)];
  }
  return;
}

function describe(cause: Cause, line: string, environment: string | undefined): string {
  switch (cause) {
    case 'disabled':
      return `Puppet is disabled: ${/\(Reason: '(.*?)(?:'\);)?$/.exec(line)?.[1] || 'nobody said why'}`;
    case 'already-running':
      return 'Another run of Puppet is in progress';
    case 'ssl-locked':
      return 'Another Puppet process is at work on certificates';
    case 'unknown-environment':
      return `The server does not know the environment ${environment ?? ''}`.trimEnd();
    case 'key-mismatch':
      return `The CA holds a certificate of this name for another key; clean it there and enrol again: ${line}`;
    case 'not-signed':
      return 'The certificate request is not signed yet';
    case 'csr-refused':
      return `The CA did not take the certificate request: ${line}`;
    case 'certificate-refused':
      return `The server refused this host's certificate (revoked, cleaned, or of another CA): ${line}`;
    case 'other-ca':
      return `The server's certificate is not of the CA that this host trusts: ${line}`;
    case 'other-name':
      return `The server's certificate is for other names: ${line}`;
    case 'catalog-refused':
      return line;
    case 'server-unreachable':
      return `The Puppet server cannot be reached: ${line}`;
  }
}

import type { ClientConfig } from '@troupe/client';
import { callerTrust, compilePattern, listsOf, loadOwn, messageOf, TrustStore } from '@troupe/core';
import { type EndingFiles, systemReasonOf, validitiesOf } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { about, type Finding } from './finding.js';
import { validityFinding } from './validity.js';

const subject = 'certificate';

/** Checks whether nodes accept this caller's certificate, and for how long. */
export function ownCertificateFindings({ security }: ClientConfig): readonly Finding[] {
  const report = about(subject);
  if (security.mode === 'none')
    return [report.ok('not used (security.mode: none): the broker is on this machine')];
  try {
    const own = loadOwn(security);
    return [
      ...endFindings(security),
      ...nameFindings(own.name, security.callers.match),
      ...trustFindings(own.chain, security),
    ];
  } catch (error) {
    return [report.fault(messageOf(error))];
  }
}

function nameFindings(name: string, match: string): readonly Finding[] {
  if (compilePattern(match, 'security.callers.match').test(name)) return [];
  return [
    about(subject).fault(
      `${name} does not match security.callers.match (${match}): nodes refuse all its requests`,
    ),
  ];
}

function trustFindings(
  chain: readonly string[],
  { ca: caFile, crl: crlFile, callers }: ClientConfig['security'],
): readonly Finding[] {
  try {
    const ca = readRegularFileSync(String(callers.ca ?? caFile)).toString('utf8');
    const crl =
      crlFile === undefined ? undefined : listsOf(ca, readRegularFileSync(crlFile).toString('utf8'));
    const store = new TrustStore({ ca, ...(crl === undefined ? {} : { crl }) });
    callerTrust(store, callers.authorities).check(chain);
    return [];
  } catch (error) {
    return [about(subject).fault(messageOf(error))];
  }
}

/** When each certificate and revocation list in these files ends. */
export function endFindings(files: EndingFiles): readonly Finding[] {
  const unreadable: Finding[] = [];
  const validities = validitiesOf(files, (file, error) => {
    unreadable.push(about('files').warn(`cannot read ${file}: ${systemReasonOf(error)}`));
  });
  return [...validities.map((validity) => validityFinding(validity.kind, validity)), ...unreadable];
}

import type { X509Certificate } from 'node:crypto';
import { about, type Finding } from './finding.js';

const dayMs = 86_400_000;
/** Days before its expiry from which on a certificate should be renewed. */
const renewWithin = 30;

/** Checks whether a certificate is valid, and for long enough. */
export function validityOf(
  subject: string,
  what: string,
  certificate: Pick<X509Certificate, 'validFrom' | 'validTo'>,
  now = Date.now(),
): Finding {
  const report = about(subject);
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  const day = new Date(to).toISOString().slice(0, 10);
  if (now > to) return report.fault(`${what} expired on ${day}: renew it`);
  if (now < from)
    return report.fault(
      `${what} is not valid before ${new Date(from).toISOString()}, but this machine's clock is at ${new Date(now).toISOString()}: check NTP`,
    );
  const days = Math.floor((to - now) / dayMs);
  const words = `${what} expires on ${day}, in ${days} day${days === 1 ? '' : 's'}`;
  return days < renewWithin ? report.warn(`${words}: renew it`) : report.ok(words);
}

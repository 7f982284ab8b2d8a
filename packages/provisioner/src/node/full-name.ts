/** Whether a name has a domain. */
export function isQualified(name: string): boolean {
  return name.includes('.');
}

/**
 * The name of a node for people, the same from its arrival to its end: its identity, or, if that has no domain, the name
 * in its certificate, as far as it is known.
 */
export function fullNameOf(identity: string, certname: string | undefined): string {
  return isQualified(identity) || certname === undefined ? identity : certname;
}

// Levels of MQTT topics that every broker carries unchanged (docs/protocol.md, "Topics").
const identityPattern = /^[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9_-])?$/;
const namePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** Whether `text` may name a node or a caller: lower-case letters, digits, `.`, `_`, `-`. */
export function isIdentity(text: string): boolean {
  return identityPattern.test(text);
}

/**
 * Why a certificate with this common name is of no use here, if it is not: no setting helps, because the name that a certificate
 * proves is the identity.
 */
export function certificateNameFault(name: string): string | undefined {
  if (isIdentity(name)) return undefined;
  const lower = name.toLowerCase();
  const remedy = isIdentity(lower) ? `"${lower}"` : 'such a name';
  return `the common name of the certificate is not a valid identity: ${JSON.stringify(name)}; identities consist of a-z, 0-9, ".", "_" and "-", and begin and end with a letter or digit: request a certificate for ${remedy}`;
}

/** Whether `text` may name a collective, an agent or a client's session. */
export function isName(text: string): boolean {
  return namePattern.test(text);
}

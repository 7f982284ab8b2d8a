// Levels of MQTT topics that every broker carries unchanged (docs/protocol.md, "Topics").
const identityPattern = /^[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9_-])?$/;
const namePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** Whether `text` may name a node or a caller: lower-case letters, digits, `.`, `_`, `-`. */
export function isIdentity(text: string): boolean {
  return identityPattern.test(text);
}

/** Whether `text` may name a collective, an agent or a client's session. */
export function isName(text: string): boolean {
  return namePattern.test(text);
}

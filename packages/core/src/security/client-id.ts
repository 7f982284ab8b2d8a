import { createHash, type KeyObject } from 'node:crypto';

/**
 * The MQTT client id of a node: its name, and a secret that only it can derive from its private key. A broker ends the
 * older of two connections with one client id, and most brokers let any account use any id: one that others cannot
 * guess protects the connection. It is the same after a restart, so that a connection that broke unnoticed is replaced.
 * `account` is its account at the broker, if that is not its name: client ids begin with the account.
 */
export function secretClientId(name: string, key: KeyObject, account = name): string {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const secret = createHash('sha256').update('mqtt client id').update(der).digest('hex').slice(0, 16);
  return account === name ? `${name}:${secret}` : `${account}:${name}.${secret}`;
}

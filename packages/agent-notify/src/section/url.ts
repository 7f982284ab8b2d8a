import { BlockList, isIP } from 'node:net';
import { configFault } from './config-fault.js';

/** A URL of a web server as it is, once it is one and holds no login. Throws CONFIG_INVALID, naming `key` and never the URL. */
export function checkUrl(url: string, key: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw configFault(key, /^https?:\/\//.test(url) ? 'is not a URL' : 'must begin with http:// or https://');
  const { username, password } = new URL(url);
  if (username !== '' || password !== '')
    throw configFault(key, 'must not contain a user name or password: use a file for the secret instead');
  return url;
}

/** Refuses to send a secret over the network in clear. Throws CONFIG_INVALID, naming `key`. */
export function checkNotInClear(url: string, key: string): string {
  const { protocol, hostname } = new URL(checkUrl(url, key));
  if (protocol === 'http:' && !isThisMachine(hostname.replace(/^\[|\]$/g, '')))
    throw configFault(key, `the secret would be sent to ${hostname} unencrypted: use https`);
  return url;
}

/** Whether what goes to a host never leaves this machine. */
export function isThisMachine(host: string): boolean {
  if (host === 'localhost') return true;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

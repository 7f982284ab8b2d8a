/** Where a broker is, as MQTT.js takes it. */
export interface Endpoint {
  readonly protocol: 'mqtt' | 'mqtts';
  readonly host: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
}

/**
 * Takes a broker's URL apart. MQTT.js would do so with `url.parse`, which Node warns of, and would let a query
 * replace the client id.
 */
export function endpointOf(url: string): Endpoint {
  const { protocol, hostname, port, username, password } = new URL(url);
  return {
    protocol: protocol === 'mqtts:' ? 'mqtts' : 'mqtt',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
}

/** Whether a broker's URL is one of this machine's own addresses that nobody else can reach. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawnBroker } from '@troupe/broker';
import { freePort } from '@troupe/testkit';
import { startPeer } from './process.mjs';

const mosquitto = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/usr/bin/mosquitto'].find((path) =>
  existsSync(path),
);

/** The brokers that are here. */
export const brokersHere = ['embedded', ...(mosquitto ? ['mosquitto'] : [])];

/**
 * Starts a broker that lets in holders of a certificate of the PKI (`tls`), or whoever is on this machine. The result
 * has `url`, `pid`, `restart` (killed, then started on the same port) and `stop`.
 */
export function startBroker(kind, { tls, pki, folder }) {
  return kind === 'embedded' ? startEmbedded({ tls, pki }) : startMosquitto({ tls, pki, folder });
}

async function startEmbedded({ tls, pki }) {
  const server = tls ? await pki.issue('broker.bench', { ipAddresses: ['127.0.0.1'] }) : {};
  const broker = await spawnBroker(
    tls
      ? {
          listen: ['mqtts://127.0.0.1:0'],
          security: { mode: 'x509', ca: pki.caCertificate, ...server },
          log: { level: 'error' },
        }
      : { listen: ['mqtt://127.0.0.1:0'], security: { mode: 'none' }, log: { level: 'error' } },
  );
  return {
    kind: 'embedded',
    url: broker.url,
    get pid() {
      return broker.pid;
    },
    restart: async () => {
      await broker.kill();
      await broker.restart();
    },
    stop: () => broker.stop(),
  };
}

async function startMosquitto({ tls, pki, folder }) {
  const port = await freePort();
  const server = tls ? await pki.issue('broker.bench', { ipAddresses: ['127.0.0.1'] }) : {};
  const home = `${folder}/mosquitto-${port}`;
  mkdirSync(home);
  // It gives root up for a user who must read the certificates.
  chmodSync(folder, 0o711);
  const lines = [
    `listener ${port} 127.0.0.1`,
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    'persistence false',
    'set_tcp_nodelay true',
    'max_queued_messages 0',
    'max_inflight_messages 0',
    'max_connections -1',
    ...(tls
      ? [
          `cafile ${pki.caCertificate}`,
          `certfile ${server.certificate}`,
          `keyfile ${server.key}`,
          'require_certificate true',
          'use_identity_as_username true',
        ]
      : []),
    `allow_anonymous ${!tls}`,
  ];
  const file = `${home}/mosquitto.conf`;
  writeFileSync(file, `${lines.join('\n')}\n`);
  const start = () => startPeer(mosquitto, ['-c', file], { node: false, ready: /running/ });
  let process_ = await start();
  return {
    kind: 'mosquitto',
    url: `${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`,
    get pid() {
      return process_.pid;
    },
    restart: async () => {
      await process_.kill();
      process_ = await start();
    },
    stop: () => process_.stop(),
  };
}

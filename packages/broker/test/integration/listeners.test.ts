import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { startBroker } from '../../src/broker.js';
import type { BrokerConfigInput } from '../../src/config.js';
import { connect, refusal } from '../fixtures/client.js';
import { Pki } from '../fixtures/pki.js';

async function faultOf(config: BrokerConfigInput): Promise<TroupeError> {
  try {
    await (await startBroker(config)).close();
  } catch (error) {
    expect(error).to.be.instanceOf(TroupeError);
    return error as TroupeError;
  }
  throw new Error('it started');
}

describe('listeners', () => {
  let pki: Pki;
  before(async () => {
    pki = await Pki.create();
  });
  after(() => pki.remove());

  const external = Object.values(networkInterfaces())
    .flat()
    .find((one) => one && !one.internal && one.family === 'IPv4')?.address;
  for (const host of ['0.0.0.0', '[::]', ...(external === undefined ? [] : [external])]) {
    for (const mode of ['x509', 'none'] as const) {
      it(`are refused without TLS on ${host === external ? 'an outer address' : host} (${mode})`, async () => {
        const error = await faultOf({ listen: [`mqtt://${host}:0`], security: { mode } });
        expect(error).to.have.property('code', 'CONFIG_INVALID');
        expect(error.message).to.include('not a loopback address');
      });
    }
  }

  const hasIpv6 = networkInterfaces().lo?.some(({ address }) => address === '::1') ?? false;
  for (const host of ['127.0.0.1', '127.0.0.9', 'localhost', ...(hasIpv6 ? ['[::1]'] : [])]) {
    it(`are taken without TLS on ${host}`, async () => {
      const broker = await startBroker({ listen: [`mqtt://${host}:0`], security: { mode: 'none' } });
      try {
        expect(broker.url).to.equal(`mqtt://${host}:${broker.port}`);
        expect(await refusal(broker.url)).to.equal(0);
      } finally {
        await broker.close();
      }
    });
  }

  for (const url of ['127.0.0.1:1883', 'http://127.0.0.1', 'mqtt://', 'mqtt://127.0.0.1/path']) {
    it(`are not understood as ${url}`, async () => {
      expect((await faultOf({ listen: [url] })).message).to.include(`"${url}" is not a valid address`);
    });
  }

  it('need certificates for TLS', async () => {
    const error = await faultOf({ listen: ['mqtts://127.0.0.1:0'] });
    expect(error.message).to.include('security.ca is missing');
  });

  it('take no key that everybody may read', async () => {
    const security = pki.server();
    chmodSync(security.key, 0o644);
    const error = await faultOf({ listen: ['mqtts://127.0.0.1:0'], security });
    chmodSync(security.key, 0o600);
    expect(error.message).to.include('is accessible to all users: chmod o=');
  });

  it('refuse a revocation list that leaves one of the CAs out', async () => {
    const other = await Pki.create('other-ca.example.com');
    const security = { ...pki.server(), crl: pki.crlFile, callers: { ca: other.caFile } };
    const error = await faultOf({ listen: ['mqtts://127.0.0.1:0'], security });
    other.remove();
    expect(error.message).to.equal(
      'security.crl: no revocation list for the CA "CN=other-ca.example.com": its revoked certificates would be accepted',
    );
  });

  it('say which address is taken', async () => {
    const first = await startBroker({ listen: ['mqtt://127.0.0.1:0'], security: { mode: 'none' } });
    try {
      const error = await faultOf({ listen: ['mqtt://127.0.0.1:0', first.url] });
      expect(error).to.have.property('code', 'LISTEN_FAILED');
      expect(error.message).to.include(`cannot listen on ${first.url}`).and.to.include('EADDRINUSE');
    } finally {
      await first.close();
    }
  });

  it('may be several, with their own rules', async () => {
    const security = { mode: 'none' as const, ...pki.server() };
    const broker = await startBroker({ listen: ['mqtts://127.0.0.1:0', 'mqtt://127.0.0.1:0'], security });
    try {
      const [tls = '', plain = ''] = broker.urls;
      expect(await refusal(tls, { clientId: 'n1.example.com', ca: pki.ca.certificatePem })).to.equal(5);
      const anyone = await connect(plain);
      const options = {
        clientId: 'n1.example.com',
        ca: pki.ca.certificatePem,
        ...pki.issue('n1.example.com'),
      };
      const node = await connect(tls, options);
      expect(await anyone.subscribe('mco/#')).to.equal(0);
      expect(await anyone.subscribe('$SYS/#')).to.equal(128);
      await node.publish('mco/mcollective/event/n1.example.com', 'hello');
      await anyone.hears('hello');
      // Without proof, the name of a node is worth nothing: this one is not kicked.
      expect(await refusal(plain, { clientId: 'n1.example.com' })).to.equal(0);
      expect(node.isClosed()).to.equal(false);
      await Promise.all([anyone.end(), node.end()]);
    } finally {
      await broker.close();
    }
  });

  it('refuse everybody without TLS where security is on and there is no token', async () => {
    const broker = await startBroker({ listen: ['mqtt://127.0.0.1:0'] });
    try {
      expect(await refusal(broker.url, { clientId: 'n1' })).to.equal(5);
    } finally {
      await broker.close();
    }
  });

  for (const scheme of ['mqtts', 'mqtt']) {
    it(`send at once (TCP_NODELAY) on ${scheme}://`, async () => {
      const calls = await recordNoDelay();
      const security = { mode: 'none' as const, ...pki.server() };
      const broker = await startBroker({ listen: [`${scheme}://127.0.0.1:0`], security });
      try {
        const clientId = 'n1.example.com';
        // Given a certificate, MQTT.js speaks TLS to mqtt:// as well.
        const tls = scheme === 'mqtts' ? { ca: pki.ca.certificatePem, ...pki.issue(clientId) } : {};
        expect(await refusal(broker.url, { clientId, ...tls })).to.equal(0);
        // MQTT.js never asks for it: what was seen is the broker's end.
        expect(calls.values).to.eql([true]);
      } finally {
        calls.restore();
        await broker.close();
      }
    });
  }
});

type Handle = { setNoDelay(on: boolean): number };

/** Notes every TCP_NODELAY that is set on a socket of this process: Linux shows it nowhere else. */
async function recordNoDelay(): Promise<{ values: boolean[]; restore: () => void }> {
  const server: Server & { _handle?: Handle } = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const prototype = Object.getPrototypeOf(server._handle) as Handle;
  server.close();
  const original = prototype.setNoDelay;
  const values: boolean[] = [];
  prototype.setNoDelay = function setNoDelay(this: Handle, on) {
    values.push(on);
    return original.call(this, on);
  };
  return {
    values,
    restore: () => {
      prototype.setNoDelay = original;
    },
  };
}

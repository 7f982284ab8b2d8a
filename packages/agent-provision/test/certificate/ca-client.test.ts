import { droppingPort } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { CaClient } from '../../src/certificate/ca-client.js';
import { ProvisionError } from '../../src/provision-error.js';
import { rejection } from '../fixtures/rejection.js';

const exchange = { method: 'GET', path: 'certificate/ca', trust: 'none' } as const;

describe('CaClient', () => {
  // The kernel refuses both at once, before any packet is sent, as it does if there is no route to the address.
  for (const [address, reason] of [
    ['255.255.255.255', /network unreachable|EACCES/],
    ['ff02::1', /network unreachable|no route to host|EINVAL|EADDRNOTAVAIL/],
  ] as const)
    it(`rejects with the reason if no connection to ${address} can even begin`, async () => {
      const client = new CaClient({ name: 'puppet', address, port: 8140 });
      const error = await rejection(
        client.ask({
          method: 'GET',
          path: 'certificate/ca',
          trust: 'none',
          signal: new AbortController().signal,
        }),
      );
      expect(error).to.be.instanceOf(ProvisionError);
      expect(error.message)
        .to.match(/^request to https:\/\/puppet:8140 at /)
        .and.match(reason);
    });

  for (const [what, act] of [
    ['a request', (client: CaClient, signal: AbortSignal) => client.ask({ ...exchange, signal })],
    ['a check', (client: CaClient, signal: AbortSignal) => client.reach(signal)],
  ] as const) {
    const { signal } = new AbortController();

    it(`ends ${what} with the reason if the port drops packets`, async () => {
      await using dropping = await droppingPort();
      const client = new CaClient(
        { name: 'puppet', address: '127.0.0.1', port: dropping.port },
        { connectMs: 100 },
      );
      const { message } = await rejection(act(client, signal));
      expect(message)
        .to.include(`https://puppet:${dropping.port} at 127.0.0.1`)
        .and.include('no connection within 0.1 s: is a firewall in between, or the host down?');
    });

    it(`ends ${what} with the reason of the caller if that does not want it any more`, async () => {
      await using dropping = await droppingPort();
      const client = new CaClient({ name: 'puppet', address: '127.0.0.1', port: dropping.port });
      const gone = AbortSignal.abort(new Error('too late'));
      expect((await rejection(act(client, gone))).message).to.equal('too late');
    });
  }
});

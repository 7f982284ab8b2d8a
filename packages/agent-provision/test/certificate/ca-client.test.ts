import { expect } from 'chai';
import { describe, it } from 'mocha';
import { CaClient } from '../../src/certificate/ca-client.js';
import { ProvisionError } from '../../src/provision-error.js';
import { rejection } from '../fixtures/rejection.js';

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
});

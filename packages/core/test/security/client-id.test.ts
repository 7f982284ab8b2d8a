import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { secretClientId } from '../../src/security/client-id.js';

describe('the MQTT client id of a node', () => {
  const key = generateKeyPairSync('ed25519').privateKey;

  it('begins with its name or its account, as broker permissions require', () => {
    expect(secretClientId('web1.lab', key)).to.match(/^web1\.lab:[0-9a-f]{16}$/);
    expect(secretClientId('web1.lab', key, 'newcomers')).to.match(/^newcomers:web1\.lab\.[0-9a-f]{16}$/);
  });

  it('is the same after a restart, and another for another key', () => {
    expect(secretClientId('web1.lab', key)).to.equal(secretClientId('web1.lab', key));
    const other = generateKeyPairSync('ed25519').privateKey;
    expect(secretClientId('web1.lab', other)).to.not.equal(secretClientId('web1.lab', key));
  });
});
